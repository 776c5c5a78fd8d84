"""Pages of aggregated and notification feeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from dj_actions_stream.server.feed_groups.groups import GroupType
from dj_actions_stream.server.identity import time_from_id
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.reading.grouping import ActivityGroup, groups_in
from dj_actions_stream.server.reading.notifications import Marks, mark, selections
from dj_actions_stream.server.reading.pagination import Page
from dj_actions_stream.server.reading.windows import Render

Position = tuple[datetime, UUID]

_COMPARISONS: dict[str, Callable[[Position, Position], bool]] = {
    "id_lt": lambda position, bound: position < bound,
    "id_lte": lambda position, bound: position <= bound,
    "id_gt": lambda position, bound: position > bound,
    "id_gte": lambda position, bound: position >= bound,
}


def read(request: HttpRequest, feed: FeedId, render: Render) -> dict[str, Any]:
    """Return a page of groups; for a notification feed with marks, which it then writes.

    The page shows the marks as they were before the request.

    Raises:
        AggregationError: the aggregation format cannot be applied to an activity.
    """
    page = Page.from_query(request.GET.dict())
    selected = selections(request.GET.dict())
    groups = groups_in(feed)
    candidates = [group for group in groups if _is_within(page, group)]
    shown = candidates[page.offset : page.offset + page.limit]
    has_more = len(candidates) > page.offset + page.limit
    document = {
        "results": list(_documents(shown, render)),
        "next": page.next_link(request, shown[-1].id) if has_more and shown else "",
    }
    if feed.group.type == GroupType.NOTIFICATION:
        _add_marks(document, feed, groups, shown)
        if selected:
            mark(feed, selected, groups, shown)
    return document


def _is_within(page: Page, group: ActivityGroup) -> bool:
    return all(
        _COMPARISONS[name](group.position, (time_from_id(bound), bound))
        for name, bound in page.bounds.items()
    )


def _documents(groups: Sequence[ActivityGroup], render: Render) -> Iterator[dict[str, Any]]:
    # All activities of the page at once, so that references are looked up together.
    activities = iter(render([entry for group in groups for entry in group.shown]))
    for group in groups:
        yield group.document([next(activities) for _ in group.shown])


def _add_marks(
    document: dict[str, Any],
    feed: FeedId,
    groups: Sequence[ActivityGroup],
    shown: Sequence[ActivityGroup],
) -> None:
    marks = Marks.of(feed)
    document["unseen"] = sum(not marks.is_seen(group) for group in groups)
    document["unread"] = sum(not marks.is_read(group) for group in groups)
    for result, group in zip(document["results"], shown, strict=True):
        result["is_seen"], result["is_read"] = marks.is_seen(group), marks.is_read(group)
