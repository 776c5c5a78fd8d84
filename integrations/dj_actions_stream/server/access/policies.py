"""What a user's token permits, as in the hosted service's default policies.

A user owns the feeds with the user's id: reads, changes and follows with them. Of other users'
feeds, a user reads those of public groups, and may copy an activity to their notifications.
"""

from __future__ import annotations

from dj_actions_stream.server.feed_groups.groups import GroupType
from dj_actions_stream.server.parsing.feed_ids import FeedId

# Only the owner reads them, and feeds of the type notification.
PRIVATE_GROUPS = frozenset({"timeline", "timeline_aggregated"})


def owns(user_id: str, feed: FeedId) -> bool:
    """Return whether the feed is the user's own."""
    return feed.user_id == user_id


def may_read(user_id: str, feed: FeedId) -> bool:
    """Return whether the user may read the feed."""
    is_private = feed.slug in PRIVATE_GROUPS or feed.group.type == GroupType.NOTIFICATION
    return owns(user_id, feed) or not is_private


def may_target(user_id: str, feed: FeedId) -> bool:
    """Return whether the user may copy an activity to the feed by `to`."""
    return owns(user_id, feed) or feed.group.type == GroupType.NOTIFICATION


def may_act_as(user_id: str, actor: str) -> bool:
    """Return whether the user may add an activity with this actor."""
    return actor in (user_id, f"SU:{user_id}")
