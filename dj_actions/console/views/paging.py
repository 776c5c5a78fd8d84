"""Pages of rows: each URL holds the whole state, and no page counts the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext

from dj_actions.outbox.queries import MAX_ID

Row = TypeVar("Row")

BEFORE = "before"
"""The parameter with the last row of the page before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Some rows, and the link to the next ones."""

    rows: Sequence[Row]
    older: str = ""
    """Query string of the next page; empty on the last one."""

    is_first: bool = True
    filters: str = ""
    """Query string of the first page."""

    searched_since: datetime | None = None
    """Since when events were recorded whose deliveries were searched; None if nothing is left
    out."""

    everywhere: str = ""
    """Query string of the page that searches all; empty if nothing is left out."""


def page_of(request: HttpRequest, rows: Sequence[Any], *, size: int) -> Page[Any]:
    """Return the rows of a page.

    Args:
        request: its query string is kept in the link.
        rows: one more than the page shows, if there is a next page.
        size: rows on the page.
    """
    shown = rows[:size]
    older = with_parameter(request, BEFORE, str(shown[-1].pk)) if len(rows) > size else ""
    is_first, filters = BEFORE not in request.GET, without_paging(request.GET)
    return Page(rows=shown, older=older, is_first=is_first, filters=filters)


def with_parameter(request: HttpRequest, name: str, value: str) -> str:
    """Return the query string with one parameter replaced."""
    query: QueryDict = request.GET.copy()
    query[name] = value
    return f"?{query.urlencode()}"


def without_paging(query: QueryDict) -> str:
    """Return a query string as that of the first page."""
    kept = query.copy()
    kept.pop(BEFORE, None)
    return kept.urlencode()


def before_event(request: HttpRequest) -> UUID | None:
    """Return the event that the page begins after; None for the first page.

    Raises:
        BadRequest: it is not the id of an event.
    """
    text = request.GET.get(BEFORE, "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadRequest(gettext("%r is not the id of an event.") % text[:100]) from error


def before_delivery(request: HttpRequest) -> int | None:
    """Return the delivery that the page begins after; None for the first page.

    Raises:
        BadRequest: it is not the id of a delivery.
    """
    text = request.GET.get(BEFORE, "")
    if not text:
        return None
    number = delivery_id(text)
    if number is None:
        raise BadRequest(gettext("%r is not the id of a delivery.") % text[:100])
    return number


def delivery_id(text: str) -> int | None:
    """Return the id of a delivery in a text; None if it is not one."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID))
    return int(text) if is_number and 0 < int(text) <= MAX_ID else None
