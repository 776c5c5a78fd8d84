"""Add activities to feeds and remove them, each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db import router, transaction

from dj_actions_stream.server.activities import Draft
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.querysets import ActivityQuerySet


def add(feed: FeedId, drafts: Sequence[Draft]) -> list[Activity]:
    """Add activities to a feed and its targets, and return them in the order given.

    An existing activity is overwritten. Of two drafts with the same id, the later one is stored
    and returned for both. Targets are only added, never removed: Stream does not document that
    adding an activity again without one of its targets removes the copy.
    """
    activities = {draft.id: _activity(draft) for draft in drafts}
    entries = {(entry.activity_id, entry.feed): entry for entry in _entries(feed, drafts)}
    with transaction.atomic(using=router.db_for_write(Activity)):
        # Activities first: the lock on an activity's row also protects its entries.
        Activity.objects.upsert(activities.values())
        FeedEntry.objects.insert_missing(entries.values())
    return [activities[draft.id] for draft in drafts]


def remove_by_id(feed: FeedId, activity_id: UUID) -> None:
    """Remove an activity from a feed, with the copies that were added through it."""
    _remove(feed, Activity.objects.filter(pk=activity_id))


def remove_by_foreign_id(feed: FeedId, foreign_id: str) -> None:
    """Remove all activities with the foreign_id, at any time, from a feed, with their copies."""
    _remove(feed, Activity.objects.filter(foreign_id=foreign_id))


def _remove(feed: FeedId, activities: ActivityQuerySet) -> None:
    with transaction.atomic(using=router.db_for_write(Activity)):
        locked = list(activities.shown_in(feed).for_update().values_list("pk", flat=True))
        FeedEntry.objects.filter(activity__in=locked).added_through(feed).delete()
        # An activity without a feed is deleted, so that a lookup by id does not return it either.
        Activity.objects.filter(pk__in=locked).orphaned().delete()


def _activity(draft: Draft) -> Activity:
    return Activity(
        id=draft.id,
        foreign_id=draft.foreign_id,
        time=draft.time,
        actor=draft.actor,
        verb=draft.verb,
        object=draft.object,
        target=draft.target,
        to=[str(feed) for feed in draft.to],
        custom=dict(draft.custom),
    )


def _entries(feed: FeedId, drafts: Iterable[Draft]) -> Iterator[FeedEntry]:
    for draft in drafts:
        for shown_in in (feed, *draft.to):
            yield FeedEntry(activity_id=draft.id, feed=str(shown_in), source=str(feed))
