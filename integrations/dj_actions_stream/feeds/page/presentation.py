"""Arrange the entries of a feed for a template: by day, with the links for the staff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.conf import get_feed_settings
from dj_actions_stream.feeds.objects import USER, object_name
from dj_actions_stream.feeds.records import RecordLink, record_links
from dj_actions_stream.feeds.rules import owner
from dj_actions_stream.feeds.values import ActivityGroup, Entry, FeedActivity, FeedPage, Reference

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

OWN_HEADINGS = {
    "user": gettext_lazy("Your activity"),
    "timeline": gettext_lazy("Your timeline"),
    "timeline_aggregated": gettext_lazy("Your timeline, summarized"),
    "notification": gettext_lazy("Your notifications"),
}
"""Feed group → the title of a user's own feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a feed, as it is shown."""

    entry: Entry

    links: tuple[RecordLink, ...] = ()
    """Links of an activity for the staff."""

    items: tuple[Item, ...] = ()
    """The activities of a group."""

    @property
    def objects(self) -> tuple[Reference, ...]:
        """The objects of a bulk action, the first ones of many."""
        if not isinstance(self.entry, FeedActivity) or not self.entry.object.is_bulk:
            return ()
        return tuple(reference for reference in self.entry.objects if reference.key)

    @property
    def is_unread(self) -> bool:
        """Whether it is a group of a notification feed that the owner has not read."""
        return isinstance(self.entry, ActivityGroup) and self.entry.is_read is False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The entries of one day, in the current time zone."""

    date: date
    items: tuple[Item, ...]


def items_of(page: FeedPage, viewer: Viewer) -> tuple[Item, ...]:
    """Return the entries of a page, newest first."""
    links = record_links((entry.event_id for entry in _activities(page)), viewer)
    return tuple(_item(entry, links) for entry in page.entries)


def days_of(items: Iterable[Item]) -> tuple[Day, ...]:
    """Return entries by day, newest first."""
    grouped = groupby(items, key=lambda item: timezone.localtime(item.entry.time).date())
    return tuple(Day(date=day, items=tuple(entries)) for day, entries in grouped)


def heading_of(feed: FeedId, viewer: Viewer) -> str:
    """Return the title of a feed's page: what it is to the viewer, or whose activity it shows."""
    if owner(viewer, feed):
        return str(OWN_HEADINGS.get(feed.slug) or gettext("Your feed “%s”") % feed.slug)
    return gettext("Activity of %s") % (object_name(feed, viewer) or str(feed))


def own_groups(viewer: Viewer) -> tuple[str, ...]:
    """Return the groups in which a user has a feed of their own."""
    if not viewer.is_authenticated:
        return ()
    rules = get_feed_settings().groups
    return tuple(group for group, rule in rules.items() if rule is owner or group == USER)


def _item(entry: Entry, links: Mapping[UUID, tuple[RecordLink, ...]]) -> Item:
    if isinstance(entry, ActivityGroup):
        return Item(entry=entry, items=tuple(_item(inner, links) for inner in entry.activities))
    return Item(entry=entry, links=links.get(entry.event_id, ()) if entry.event_id else ())


def _activities(page: FeedPage) -> Iterator[FeedActivity]:
    yield from page.activities
    for group in page.groups:
        yield from group.activities
