"""Rules that say who may read a feed; `DJ_ACTIONS_FEEDS["GROUPS"]` names one for each group.

A rule is a function of a user and a feed that returns whether the user may read the feed. A project
can write its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.objects import find_object
from dj_actions_stream.feeds.users import feed_user_id

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

__all__ = ["authenticated", "everyone", "object_viewer", "owner", "staff"]

Rule = Callable[["Viewer", FeedId], bool]
"""Returns whether a user, who may be anonymous, may read a feed."""


def everyone(user: Viewer, feed: FeedId) -> bool:  # noqa: ARG001 - a rule has both arguments
    """Allow all visitors, also those who are not logged in."""
    return True


def authenticated(user: Viewer, feed: FeedId) -> bool:  # noqa: ARG001 - a rule has both arguments
    """Allow all users who are logged in."""
    return bool(user.is_authenticated)


def owner(user: Viewer, feed: FeedId) -> bool:
    """Allow the user whose id the feed has."""
    return bool(user.is_authenticated) and feed.id == feed_user_id(user)


def staff(user: Viewer, feed: FeedId) -> bool:  # noqa: ARG001 - a rule has both arguments
    """Allow active members of the staff."""
    return bool(user.is_active and getattr(user, "is_staff", False))


def object_viewer(user: Viewer, feed: FeedId) -> bool:
    """Allow the users for whom `DJ_ACTIONS_FEEDS["OBJECTS"]` has the object of the feed.

    The group's name is the resource, and the feed's id the primary key: `todo:7`.
    """
    return find_object(feed, user) is not None
