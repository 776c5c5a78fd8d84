"""The page of a feed that a query string selects: `?before=`, `?at=` and `?limit=`."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest

from dj_actions_stream.feeds import reading
from dj_actions_stream.feeds.errors import InvalidFeedRequest
from dj_actions_stream.feeds.values import FeedPage


def read_page(request: HttpRequest, feed: str, *, timeout: float | None = None) -> FeedPage:
    """Return the page of a feed that the query string selects.

    Args:
        request: its user is the viewer.
        feed: id of the feed.
        timeout: see `reading.read`.

    Raises:
        FeedError: see `reading.read`.
    """
    return reading.read(
        feed,
        viewer=request.user,
        before=request.GET.get("before", ""),
        at=request.GET.get("at", ""),
        limit=_limit(request.GET.get("limit", "")),
        timeout=timeout,
    )


def is_newest(request: HttpRequest) -> bool:
    """Return whether the query string selects the page with the newest entries."""
    return not {"before", "at"} & {*request.GET}


def older_query(request: HttpRequest, page: FeedPage) -> str:
    """Return the query string of the next page; empty on the last one."""
    limit = {"limit": request.GET["limit"]} if "limit" in request.GET else {}
    return f"?{urlencode({**limit, 'before': page.next})}" if page.next else ""


def _limit(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):  # noqa: PLR2004 - digits of 100
        raise InvalidFeedRequest(f"limit must be a number, not {text!r:.100}.")
    return int(text)
