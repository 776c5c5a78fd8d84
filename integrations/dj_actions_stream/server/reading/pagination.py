"""The page of a feed that a request selects, and the link to the next page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest

from dj_actions_stream.server.identity import parse_id
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import InputError, PaginationError

DEFAULT_LIMIT = 25
# Not documented; no official test suite requests more per page.
MAX_LIMIT = 100
# Stated by Stream's client for Swift.
MAX_FOLLOWS = 500
MAX_FOLLOWS_OFFSET = 400
BOUNDS = ("id_lt", "id_lte", "id_gt", "id_gte")
_OLDER = ("id_lt", "id_lte")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownActivity:
    """An activity as one feed shows it.

    Attributes:
        activity: the activity.
        origin: the followed feed that it was copied from, or empty.
    """

    activity: Activity
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a feed: activities between id bounds, from an offset on."""

    limit: int
    offset: int
    bounds: Mapping[str, UUID]

    @classmethod
    def from_query(cls, parameters: Mapping[str, str]) -> Self:
        """Return the page that the query string selects, or raise PaginationError."""
        limit = _number(parameters, "limit", DEFAULT_LIMIT)
        if limit < 1:
            raise PaginationError("limit must be at least 1.")
        return cls(
            limit=min(limit, MAX_LIMIT),
            offset=_number(parameters, "offset", 0),
            bounds={name: _bound(parameters, name) for name in BOUNDS if parameters.get(name)},
        )

    def read(self, feed: FeedId) -> tuple[list[ShownActivity], bool]:
        """Return the page's activities, newest first, and whether there are older ones.

        The page is read off one index, so neither the size of the feed nor the number of all
        activities matters; the activities are then fetched by their primary keys.
        """
        entries = FeedEntry.objects.in_feed(feed)
        for name, activity_id in self.bounds.items():
            bounded = entries.older_than if name in _OLDER else entries.newer_than
            entries = bounded(activity_id, inclusive=name.endswith("e"))
        found = entries.activities(self.offset, self.offset + self.limit + 1)
        return _shown(found[: self.limit]), len(found) > self.limit

    def next_link(self, request: HttpRequest, last: UUID) -> str:
        """Return the path of the next page, as Stream builds it: by id, from offset 0."""
        newer = {name: str(bound) for name, bound in self.bounds.items() if name not in _OLDER}
        parameters = {
            "id_lt": str(last),
            **newer,
            "api_key": request.GET["api_key"],
            "limit": str(self.limit),
            "offset": "0",
        }
        return f"{request.path}?{urlencode(parameters)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowPage:
    """A page of follows."""

    limit: int
    offset: int

    @classmethod
    def from_query(cls, parameters: Mapping[str, str]) -> Self:
        """Return the page that the query string selects, or raise PaginationError."""
        limit = _number(parameters, "limit", DEFAULT_LIMIT)
        offset = _number(parameters, "offset", 0)
        if limit > MAX_FOLLOWS or offset > MAX_FOLLOWS_OFFSET:
            raise PaginationError(
                f"limit must not exceed {MAX_FOLLOWS}, and offset {MAX_FOLLOWS_OFFSET}."
            )
        return cls(limit=limit, offset=offset)


def _shown(rows: list[tuple[UUID, str]]) -> list[ShownActivity]:
    origins = dict(rows)
    activities = Activity.objects.in_bulk(list(origins))
    # An activity may have been removed in between.
    return [
        ShownActivity(activity=activities[pk], origin=origin)
        for pk, origin in origins.items()
        if pk in activities
    ]


def _number(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise PaginationError(f"{name} must be a non-negative integer.")
    return int(text)


def _bound(parameters: Mapping[str, str], name: str) -> UUID:
    try:
        return parse_id(parameters[name])
    except InputError as error:
        raise PaginationError(f"{name} must be an activity id.") from error
