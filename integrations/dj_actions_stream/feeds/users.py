"""Users as they appear in feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_actions_stream.feed_ids import FeedId, safe_id
from dj_actions_stream.feeds.errors import FeedForbidden, FeedNotFound

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

    Viewer = AbstractBaseUser | AnonymousUser
    """The user who reads: `request.user`."""

ME = "me"
"""The id that stands for the user who reads, for example in `notification:me`."""


def feed_user_id(user: Viewer) -> str:
    """Return the id of a user's own feeds, as the publisher makes it from the primary key."""
    return safe_id(str(user.pk))


def resolve_feed(feed: FeedId | str, viewer: Viewer) -> FeedId:
    """Return a feed, with the viewer's own id in place of `me`.

    Args:
        feed: a feed, or its id such as `user:7` or `notification:me`.
        viewer: the user who reads.

    Raises:
        FeedNotFound: the string is not the id of a feed.
        FeedForbidden: the id is `me`, and the viewer is not logged in.
    """
    try:
        found = feed if isinstance(feed, FeedId) else FeedId.parse(feed)
    except ValueError as error:
        raise FeedNotFound(str(error)) from error
    if found.id != ME:
        return found
    if not viewer.is_authenticated:
        raise FeedForbidden(f"{found} is the feed of the user who is logged in. Log in first.")
    return FeedId(found.slug, feed_user_id(viewer))
