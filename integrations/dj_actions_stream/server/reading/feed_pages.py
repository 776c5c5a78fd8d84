"""Read a feed: activities, groups of activities, or activities by rank."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dj_actions_stream.server.feed_groups.groups import GroupType
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import FeedConfigError, MissingRankingError
from dj_actions_stream.server.reading import grouped_pages, ranked_pages
from dj_actions_stream.server.reading.notifications import COLUMNS
from dj_actions_stream.server.reading.windows import Render


def read_special(request: HttpRequest, feed: FeedId, render: Render) -> dict[str, Any] | None:
    """Return the document of an aggregated, notification or ranked feed; None for a plain one.

    Args:
        request: has the parameters of the page, the marks and the ranking.
        feed: the feed to read.
        render: returns the documents of activities, in the order given.

    Raises:
        FeedConfigError: the request marks a feed that is not a notification feed.
        MissingRankingError: the feed group has no such ranking method.
    """
    group, ranking = feed.group, request.GET.get("ranking")
    if group.type != GroupType.NOTIFICATION and COLUMNS.keys() & request.GET.keys():
        raise FeedConfigError(
            f"Only notification feeds are marked as seen or read, and {feed.slug!r} is "
            f"{group.type}."
        )
    if ranking is not None and ranking not in group.rankings:
        raise MissingRankingError(f"The feed group {feed.slug!r} has no ranking {ranking!r}.")
    if ranking is not None:
        return ranked_pages.read(request, feed, group.rankings[ranking], render)
    return None if group.is_flat else grouped_pages.read(request, feed, render)
