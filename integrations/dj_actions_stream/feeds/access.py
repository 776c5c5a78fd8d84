"""Who may read a feed, and who may change it: the same for the API, the pages and the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.conf import SETTING, get_feed_settings
from dj_actions_stream.feeds.errors import FeedForbidden, FeedNotFound
from dj_actions_stream.feeds.rules import Rule, owner
from dj_actions_stream.feeds.users import resolve_feed

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer


def may_read(feed: FeedId | str, viewer: Viewer) -> bool:
    """Return whether a user may read a feed, by the rule of its group.

    Args:
        feed: a feed, or its id such as `user:7` or `notification:me`.
        viewer: the user, who may be anonymous.
    """
    try:
        readable_feed(feed, viewer)
    except (FeedForbidden, FeedNotFound):
        return False
    return True


def readable_feed(feed: FeedId | str, viewer: Viewer) -> FeedId:
    """Return a feed that a user may read.

    Raises:
        FeedNotFound: it is not the id of a feed, or its group has no rule.
        FeedForbidden: the rule of its group refuses the user.
    """
    found = resolve_feed(feed, viewer)
    if not rule_of(found.slug)(viewer, found):
        raise FeedForbidden(f"You may not read the feed {found}.")
    return found


def own_feed(feed: FeedId | str, viewer: Viewer) -> FeedId:
    """Return a feed that belongs to a user, who may follow with it and mark its entries.

    Raises:
        FeedNotFound: it is not the id of a feed, or its group has no rule.
        FeedForbidden: it belongs to another user.
    """
    found = readable_feed(feed, viewer)
    if not owner(viewer, found):
        raise FeedForbidden(f"The feed {found} is not yours.")
    return found


def rule_of(group: str) -> Rule:
    """Return the rule of a feed group.

    Raises:
        FeedNotFound: the group has none.
    """
    groups = get_feed_settings().groups
    if group not in groups:
        raise FeedNotFound(
            f'The feed group {group!r} cannot be read: it has no rule in {SETTING}["GROUPS"].'
        )
    return groups[group]
