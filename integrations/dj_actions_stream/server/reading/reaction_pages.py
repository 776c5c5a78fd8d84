"""The page of reactions that a request selects, and the link to the next page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest

from dj_actions_stream.server.entities.reactions import NEWEST_FIRST, Reaction, ReactionQuerySet
from dj_actions_stream.server.identity import time_from_id
from dj_actions_stream.server.reading.pagination import Page

DEFAULT_LIMIT = 10
# "Results are limited to 25 at most" in Stream's documentation.
MAX_LIMIT = 25
_NEWER = ("id_gt", "id_gte")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReactionPage:
    """A page of reactions between id bounds, the oldest first if there are only lower bounds."""

    limit: int
    bounds: Mapping[str, UUID]

    @classmethod
    def from_query(cls, parameters: Mapping[str, str]) -> Self:
        """Return the page that the query string selects, or raise PaginationError."""
        page = Page.from_query({"limit": str(DEFAULT_LIMIT), **parameters})
        return cls(limit=min(page.limit, MAX_LIMIT), bounds=page.bounds)

    def paginate(self, reactions: ReactionQuerySet) -> tuple[list[Reaction], bool]:
        """Return the page's reactions, and whether there are more in this direction."""
        for name, reaction_id in self.bounds.items():
            reactions = reactions.filter(_past(name, reaction_id))
        order = ("created_at", "id") if self._is_ascending else NEWEST_FIRST
        found = list(reactions.order_by(*order)[: self.limit + 1])
        return found[: self.limit], len(found) > self.limit

    def next_link(self, request: HttpRequest, last: Reaction) -> str:
        """Return the address of the next page, to which the client adds its api_key."""
        bound = "id_gt" if self._is_ascending else "id_lt"
        query = urlencode({bound: str(last.pk), "limit": str(self.limit)})
        return request.build_absolute_uri(f"{request.path}?{query}")

    @property
    def _is_ascending(self) -> bool:
        return bool(self.bounds) and all(name in _NEWER for name in self.bounds)


def _past(name: str, reaction_id: UUID) -> Q:
    lookup = name.removeprefix("id_")
    known = Reaction.objects.filter(pk=reaction_id).values_list("created_at", flat=True).first()
    # The id of a reaction that does not exist (any more) has its time in it.
    time = known or time_from_id(reaction_id)
    is_past = Q(**{f"created_at__{lookup.removesuffix('e')}": time})
    return is_past | Q(created_at=time, **{f"id__{lookup}": reaction_id})
