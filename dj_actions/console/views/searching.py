"""Lists of deliveries that say how far they have searched, where no index finds what they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.translation import gettext

from dj_actions.console.conf import get_console_settings
from dj_actions.console.views.paging import Page, before_delivery, page_of, with_parameter
from dj_actions.outbox.queries import DeliveryQuerySet, FoundPage

SEARCH = "search"
"""The parameter with which all deliveries are searched."""

ALL = "all"
"""Its value."""

SECONDS = 10
"""How long a search of all deliveries may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a list shows, and what finds it."""

    wanted: DeliveryQuerySet

    among: DeliveryQuerySet
    """All that are searched, of which the wanted ones are some."""

    indexed: DeliveryQuerySet | None = None
    """Those of which an index has all, if the wanted ones are some of them."""

    is_in_order: bool = False
    """Whether an index has the wanted ones, and no others, newest first."""

    def page(self, request: HttpRequest) -> Page[Any]:
        """Return the page that a request asks for.

        Raises:
            BadRequest: a parameter is invalid.
            SearchTimeout: all were to be searched, and it took too long.
        """
        size = get_console_settings().page_size
        found = self._found(before_delivery(request), size + 1, is_whole=searches_all(request))
        page = page_of(request, found.rows, size=size)
        if found.searched_since is None:
            return page
        everywhere = with_parameter(request, SEARCH, ALL)
        return replace(page, searched_since=found.searched_since, everywhere=everywhere)

    def _found(self, before: int | None, size: int, *, is_whole: bool) -> FoundPage:
        if is_whole:
            are_few = self.indexed is not None
            return self.wanted.whole_page_before(
                before, size=size, are_few=are_few, seconds=SECONDS
            )
        if self.is_in_order:
            return FoundPage(rows=self.wanted.page_before(before, size=size))
        if self.indexed is not None and self.indexed.are_few():
            return FoundPage(rows=self.wanted.page_before(before, size=size, are_few=True))
        return self.wanted.recent_page_before(before, size=size, among=self.among)


def searches_all(request: HttpRequest) -> bool:
    """Return whether a page searches all deliveries.

    Raises:
        BadRequest: the parameter has another value.
    """
    value = request.GET.get(SEARCH, "")
    if value not in ("", ALL):
        message = gettext("%(value)r is not a value of “search”; the only one is “all”.")
        raise BadRequest(message % {"value": value[:100]})
    return value == ALL


def updates_of(request: HttpRequest) -> dict[str, float]:
    """Return what turns off the updates of a page that searches all deliveries, each time anew."""
    return {"poll_interval": 0.0} if searches_all(request) else {}


def too_long_text() -> str:
    """Return the sentence of a page whose search was stopped."""
    text = gettext(
        "The search was stopped after %(seconds)d seconds. Filter for more, such as an object."
    )
    return text % {"seconds": SECONDS}
