"""What the pages list: feeds, and the activities of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max

from dj_actions_stream.server.feed_groups.groups import GroupType, configured_groups
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.reading.activities import render_activity
from dj_actions_stream.server.reading.grouping import ActivityGroup, groups_in
from dj_actions_stream.server.reading.notifications import Marks

MAX_FEEDS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedSummary:
    """A feed, for a list of feeds.

    `type` is empty if the group of the feed is not declared any more.
    """

    slug: str
    user_id: str
    type: str
    activities: int
    newest: datetime

    def __str__(self) -> str:
        return f"{self.slug}:{self.user_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupSummary:
    """A group of an aggregated feed; `is_seen` and `is_read` are None without marks."""

    group: ActivityGroup
    is_seen: bool | None = None
    is_read: bool | None = None


def feeds(*, prefix: str = "", after: str = "") -> list[FeedSummary]:
    """Return feeds with activities in the order of their names, at most one more than a page."""
    rows = (
        FeedEntry.objects.filter(feed__startswith=prefix, feed__gt=after)
        .values("feed")
        .annotate(activities=Count("activity_id", distinct=True), newest=Max("time"))
        .order_by("feed")[: MAX_FEEDS + 1]
    )
    return [_summary(row) for row in rows]


def groups_of(feed: FeedId) -> list[GroupSummary]:
    """Return the groups of an aggregated or notification feed."""
    if feed.group.type != GroupType.NOTIFICATION:
        return [GroupSummary(group=group) for group in groups_in(feed)]
    marks = Marks.of(feed)
    return [
        GroupSummary(group=group, is_seen=marks.is_seen(group), is_read=marks.is_read(group))
        for group in groups_in(feed)
    ]


def feeds_of(activity: Activity) -> Sequence[FeedId]:
    """Return the feeds that show an activity, except those whose group is not declared."""
    names = activity.entries.values_list("feed", flat=True).order_by("feed").distinct()
    declared = configured_groups()
    found = (name for name in names[:MAX_FEEDS] if name.partition(":")[0] in declared)
    return [FeedId.parse(name) for name in found]


def as_json(activity: Activity, *, origin: str = "") -> str:
    """Return what a client receives for an activity, for people to read."""
    document = render_activity(activity, origin=origin)
    return json.dumps(document, indent=2, ensure_ascii=False)


def _summary(row: Mapping[str, Any]) -> FeedSummary:
    slug, _, user_id = row["feed"].partition(":")
    group = configured_groups().get(slug)
    return FeedSummary(
        slug=slug,
        user_id=user_id,
        type=group.type if group else "",
        activities=row["activities"],
        newest=row["newest"],
    )
