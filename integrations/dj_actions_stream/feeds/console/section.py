"""The section of the console: its entry in the navigation, and the links to it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dj_actions.console.extension import Section
from dj_actions.exceptions import InvalidSetting
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.conf import get_feed_settings
from dj_actions_stream.feeds.connection import feeds_publisher

NAME = "feeds"


def feed_url(feed: FeedId, *, at: str = "") -> str:
    """Return the URL of the page of a feed.

    Args:
        feed: the feed.
        at: id of the activity with which the page begins; empty for the newest one.
    """
    path = reverse(f"dj_actions_console:{NAME}:feed", args=[feed.slug, feed.id])
    return f"{path}?{urlencode({'at': at})}" if at else path


def place_url(publisher: str, scope: str, id: str) -> str:
    """Return the URL of the page that shows an activity; empty if its feed cannot be read."""
    try:
        feed = FeedId.parse(scope)
        is_read = publisher == feeds_publisher().alias and feed.slug in get_feed_settings().groups
    except (ValueError, InvalidSetting):
        return ""
    return feed_url(feed, at=id) if is_read else ""


FEEDS = Section(
    name=NAME,
    label=_("Feeds"),
    urls="dj_actions_stream.feeds.console.urls",
    place_url=place_url,
)
