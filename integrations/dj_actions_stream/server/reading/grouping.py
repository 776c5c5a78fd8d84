"""Groups of activities, by the aggregation format of their feed group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dj_actions_stream.server.feed_groups.expressions import ExpressionError
from dj_actions_stream.server.identity import render_time
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import AggregationError
from dj_actions_stream.server.reading.windows import Entry, newest_entries

# Not documented.
MAX_ACTIVITIES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityGroup:
    """The activities of a feed with the same key, newest first."""

    key: str
    entries: Sequence[Entry]

    @property
    def id(self) -> UUID:
        """The id of the newest activity. The id of each other one stands for the group, too."""
        return self.entries[0].activity.id

    @property
    def number(self) -> int:
        """The highest number of an entry."""
        return max(entry.number for entry in self.entries)

    @property
    def position(self) -> tuple[datetime, UUID]:
        """What groups are sorted by: updated_at, then the id."""
        newest = self.entries[0].activity
        return newest.time, newest.id

    @property
    def shown(self) -> Sequence[Entry]:
        """The entries whose activities are in a response."""
        return self.entries[:MAX_ACTIVITIES]

    def document(self, activities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the group as Stream sends it, with these rendered activities."""
        newest, oldest = self.entries[0].activity, self.entries[-1].activity
        return {
            "id": str(self.id),
            "group": self.key,
            "verb": newest.verb,
            "activity_count": len(self.entries),
            "actor_count": len({entry.activity.actor for entry in self.entries}),
            "created_at": render_time(oldest.time),
            "updated_at": render_time(newest.time),
            "activities": list(activities),
        }


def groups_in(feed: FeedId) -> list[ActivityGroup]:
    """Return the groups of a feed, those with the newest activities first.

    Raises:
        AggregationError: the aggregation format cannot be applied to an activity.
    """
    members: dict[str, list[Entry]] = {}
    for entry in newest_entries(feed):
        members.setdefault(_key(feed, entry.activity), []).append(entry)
    return [ActivityGroup(key=key, entries=entries) for key, entries in members.items()]


def variables_of(activity: Activity) -> dict[str, Any]:
    """Return the fields of an activity, own ones before custom ones."""
    return {
        **activity.custom,
        "id": str(activity.id),
        "actor": activity.actor,
        "verb": activity.verb,
        "object": activity.object,
        "target": activity.target,
        "time": activity.time,
        "foreign_id": activity.foreign_id,
    }


def _key(feed: FeedId, activity: Activity) -> str:
    names = {"feed": {"group": feed.slug, "user_id": feed.user_id}}
    try:
        return feed.group.aggregation.key({**variables_of(activity), **names})
    except ExpressionError as error:
        raise AggregationError(
            f"The aggregation format of {feed.slug!r} fails for the activity {activity.id}: {error}"
        ) from error
