"""Add activities to feeds, overwrite them and remove them, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from uuid import UUID

from django.db import router, transaction

from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import NotAllowedError
from dj_actions_stream.server.querysets import CONTENT, ActivityQuerySet
from dj_actions_stream.server.reading.activities import Draft
from dj_actions_stream.server.writing import locks
from dj_actions_stream.server.writing.fan_out import copy_to_followers

MayWrite = Callable[[FeedId], bool]


def anywhere(_: FeedId) -> bool:
    """Allow writing to every feed."""
    return True


def add(feed: FeedId, drafts: Sequence[Draft], *, may_write: MayWrite = anywhere) -> list[Activity]:
    """Add activities to a feed, its targets and the followers of all of them.

    Targets are only added, never removed: Stream does not document that adding an activity again
    without one of its targets removes the copy.

    Args:
        feed: the feed to add to.
        drafts: the activities; of two with the same id, the later one is stored.
        may_write: whether the request may write to a feed.

    Returns:
        The activities in the order given.

    Raises:
        NotAllowedError: an activity exists, with other content, and another feed owns it.
    """
    activities = {draft.id: _activity(draft, owner=str(feed)) for draft in drafts}
    entries = {(entry.activity_id, entry.feed): entry for entry in _entries(feed, drafts)}
    with transaction.atomic(using=router.db_for_write(Activity)):
        locks.add_to(entry.feed for entry in entries.values())
        # Activities first: the lock on an activity's row also protects its entries.
        _write(activities, may_write)
        FeedEntry.objects.insert_missing(entries.values())
        copy_to_followers(list(entries.values()))
    return [activities[draft.id] for draft in drafts]


def add_to_many(feeds: Sequence[FeedId], draft: Draft) -> None:
    """Add one activity to many feeds, but not to their followers, as Stream documents it."""
    activity = _activity(draft, owner=str(feeds[0]))
    entries = (_entry(draft, feed=feed, source=feed) for feed in feeds)
    with transaction.atomic(using=router.db_for_write(Activity)):
        _write({draft.id: activity}, anywhere)
        FeedEntry.objects.insert_missing(entries)


def overwrite(drafts: Sequence[Draft]) -> None:
    """Overwrite activities, except for their targets; create those that do not exist in no feed."""
    activities = {draft.id: _activity(draft, owner="") for draft in drafts}
    with transaction.atomic(using=router.db_for_write(Activity)):
        for activity in activities.values():
            activity.to = []
        Activity.objects.insert_and_lock(activities.values())
        stored = Activity.objects.in_bulk(activities)
        for pk, activity in activities.items():
            activity.to, activity.owner = stored[pk].to, stored[pk].owner
        Activity.objects.overwrite(activities.values())


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


def _write(activities: dict[UUID, Activity], may_write: MayWrite) -> None:
    Activity.objects.insert_and_lock(activities.values())
    stored = Activity.objects.in_bulk(activities)
    changed = []
    for pk, activity in activities.items():
        if _may_overwrite(stored[pk], activity, may_write):
            activity.owner = stored[pk].owner or activity.owner
            changed += [activity] if _differs(stored[pk], activity) else []
        elif _differs_in_content(stored[pk], activity):
            raise NotAllowedError(
                f"The activity {pk} with this foreign_id and time belongs to {stored[pk].owner}."
            )
    if changed:
        Activity.objects.overwrite(changed)


def _may_overwrite(stored: Activity, activity: Activity, may_write: MayWrite) -> bool:
    return stored.owner in ("", activity.owner) or may_write(FeedId.parse(stored.owner))


def _differs(stored: Activity, activity: Activity) -> bool:
    metadata = (stored.to, stored.owner) != (activity.to, activity.owner)
    return metadata or _differs_in_content(stored, activity)


def _differs_in_content(stored: Activity, activity: Activity) -> bool:
    return any(getattr(stored, name) != getattr(activity, name) for name in CONTENT)


def _activity(draft: Draft, *, owner: str) -> Activity:
    return Activity(
        id=draft.id,
        foreign_id=draft.foreign_id,
        time=draft.time,
        actor=draft.actor,
        verb=draft.verb,
        object=draft.object,
        target=draft.target,
        to=[str(target.feed) for target in draft.to],
        custom=dict(draft.custom),
        owner=owner,
    )


def _entries(feed: FeedId, drafts: Iterable[Draft]) -> Iterator[FeedEntry]:
    for draft in drafts:
        for shown_in in (feed, *(target.feed for target in draft.to)):
            yield _entry(draft, feed=shown_in, source=feed)


def _entry(draft: Draft, *, feed: FeedId, source: FeedId) -> FeedEntry:
    return FeedEntry(
        activity_id=draft.id, time=draft.time, feed=str(feed), source=str(source), origin=""
    )
