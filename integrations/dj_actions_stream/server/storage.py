"""Write to feeds, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db import router, transaction

from dj_actions_stream.server.activities import Draft
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.querysets import ActivityQuerySet


def add(feed: FeedId, drafts: Sequence[Draft]) -> list[Activity]:
    """Put activities into a feed and its targets; return them in the order given.

    An activity that exists is overwritten. Of two drafts with one id the later one stays, and is
    returned for both. Targets are only ever added: nothing is known of Stream taking a copy back
    because a repeated add does not name its feed any more.
    """
    activities = {draft.id: _activity(draft) for draft in drafts}
    entries = {(entry.activity_id, entry.feed): entry for entry in _entries(feed, drafts)}
    with transaction.atomic(using=router.db_for_write(Activity)):
        # Activities first: whoever holds an activity's row may change its entries.
        Activity.objects.put(activities.values())
        FeedEntry.objects.put(entries.values())
    return [activities[draft.id] for draft in drafts]


def remove_by_id(feed: FeedId, activity_id: UUID) -> None:
    """Take an activity out of a feed and of the copies made from there."""
    _remove(feed, Activity.objects.filter(pk=activity_id))


def remove_by_foreign_id(feed: FeedId, foreign_id: str) -> None:
    """Take all activities with the foreign_id, at any time, out of a feed and its copies."""
    _remove(feed, Activity.objects.filter(foreign_id=foreign_id))


def _remove(feed: FeedId, activities: ActivityQuerySet) -> None:
    with transaction.atomic(using=router.db_for_write(Activity)):
        held = list(activities.shown_in(feed).locked().values_list("pk", flat=True))
        FeedEntry.objects.filter(activity__in=held).shown_because_of(feed).delete()
        # An activity that is shown nowhere is gone, also for those who ask for it by id.
        Activity.objects.filter(pk__in=held).shown_nowhere().delete()


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
