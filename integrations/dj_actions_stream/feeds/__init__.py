"""Read activity feeds, follow, and create tokens for browsers: `feeds.read("user:7", viewer=user)`.

Add `"dj_actions_stream.feeds"` to INSTALLED_APPS for its pages, template tags and checks.
"""

from __future__ import annotations

from dj_actions_stream.feeds.access import may_read
from dj_actions_stream.feeds.errors import (
    FeedError,
    FeedForbidden,
    FeedNotFound,
    FeedUnavailable,
    InvalidFeedRequest,
)
from dj_actions_stream.feeds.follows import Follow, follow, followers, following, unfollow
from dj_actions_stream.feeds.marks import mark_read, mark_seen
from dj_actions_stream.feeds.reading import read
from dj_actions_stream.feeds.tokens import feed_token, user_token
from dj_actions_stream.feeds.values import ActivityGroup, FeedActivity, FeedPage, Reference

__all__ = [
    "ActivityGroup",
    "FeedActivity",
    "FeedError",
    "FeedForbidden",
    "FeedNotFound",
    "FeedPage",
    "FeedUnavailable",
    "Follow",
    "InvalidFeedRequest",
    "Reference",
    "feed_token",
    "follow",
    "followers",
    "following",
    "mark_read",
    "mark_seen",
    "may_read",
    "read",
    "unfollow",
    "user_token",
]
