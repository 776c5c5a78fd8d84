"""The feeds to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_actions.models import Delivery
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.conf import get_feed_settings
from dj_actions_stream.feeds.connection import feeds_publisher
from dj_actions_stream.feeds.page.presentation import own_groups
from dj_actions_stream.feeds.users import ME

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

MAX_RECENT = 30
"""Feeds that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A feed group of the settings."""

    name: str

    rule: str
    """Who may read its feeds: the name of the function that decides it."""

    own: FeedId | None
    """The viewer's own feed in it; None if its feeds are not those of users."""


def groups_for(viewer: Viewer) -> Sequence[Group]:
    """Return the feed groups that have a rule, with the viewer's own feeds.

    Raises:
        InvalidSetting: the setting is invalid.
    """
    own = own_groups(viewer)
    return [
        Group(
            name=name,
            rule=getattr(rule, "__name__", str(rule)),
            own=FeedId(name, ME) if name in own else None,
        )
        for name, rule in get_feed_settings().groups.items()
    ]


def recent_feeds() -> Sequence[FeedId]:
    """Return the feeds to which the newest activities were published, in readable groups.

    Raises:
        InvalidSetting: it is not clear with which publisher feeds are read.
    """
    groups = get_feed_settings().groups
    scopes = Delivery.objects.latest_scopes(feeds_publisher().alias)
    feeds = [feed for scope in scopes if (feed := _parsed(scope)) and feed.slug in groups]
    return feeds[:MAX_RECENT]


def _parsed(scope: str) -> FeedId | None:
    try:
        return FeedId.parse(scope)
    except ValueError:
        return None
