"""Change the targets of an activity: the feeds in `to` that it is copied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db import router, transaction

from dj_actions_stream.server.identity import id_from_pair
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.parsing.fields import MAX_TARGETS, FieldReader, Target
from dj_actions_stream.server.protocol.errors import InputError, NotAllowedError, NotFoundError
from dj_actions_stream.server.writing import locks
from dj_actions_stream.server.writing.fan_out import copy_to_followers


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetChange:
    """A requested change of an activity's targets: either new ones, or added and removed ones."""

    activity_id: UUID
    new: tuple[Target, ...] | None
    added: tuple[Target, ...]
    removed: tuple[FeedId, ...]

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Self:
        """Return the change in a request's JSON, or raise InputError."""
        reader = FieldReader(document)
        foreign_id = reader.required_foreign_id("foreign_id")
        time = reader.required_time("time")
        replaces = document.get("new_targets") is not None
        new, added = reader.targets("new_targets"), reader.targets("added_targets")
        removed = tuple(target.feed for target in reader.targets("removed_targets"))
        reader.raise_errors()
        if replaces == bool(added or removed):
            raise InputError("Set new_targets, or added_targets and removed_targets.")
        return cls(
            activity_id=id_from_pair(foreign_id, time),
            new=new if replaces else None,
            added=added,
            removed=removed,
        )

    @property
    def requested(self) -> tuple[Target, ...]:
        """The targets that the activity may newly get."""
        return self.added if self.new is None else self.new

    def applied_to(self, current: Sequence[FeedId]) -> list[FeedId]:
        """Return the targets after the change."""
        if self.new is not None:
            return [target.feed for target in self.new]
        kept = [feed for feed in current if feed not in self.removed]
        return list(dict.fromkeys([*kept, *(target.feed for target in self.added)]))


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedTargets:
    """An activity whose targets were changed, and the difference."""

    activity: Activity
    added: list[FeedId]
    removed: list[FeedId]


def change_targets(feed: FeedId, change: TargetChange) -> ChangedTargets:
    """Change the targets of an activity that was added to the feed.

    Raises:
        NotFoundError: no such activity was added to the feed.
        NotAllowedError: another feed owns the activity.
        InputError: there would be too many targets.
    """
    with transaction.atomic(using=router.db_for_write(Activity)):
        locks.add_to(str(target.feed) for target in change.requested)
        activity = _added_to(feed, change.activity_id)
        current = [FeedId.parse(text) for text in activity.to]
        targets = change.applied_to(current)
        if len(targets) > MAX_TARGETS:
            raise InputError(f"An activity has at most {MAX_TARGETS} targets.")
        added = [target for target in targets if target not in current]
        removed = [target for target in current if target not in targets]
        activity.to = [str(target) for target in targets]
        activity.save(update_fields=["to"])
        _move(activity, feed, added=added, removed=removed)
    return ChangedTargets(activity=activity, added=added, removed=removed)


def _added_to(feed: FeedId, activity_id: UUID) -> Activity:
    added = FeedEntry.objects.in_feed(feed).own().filter(source=str(feed), activity=activity_id)
    activity = Activity.objects.filter(pk=activity_id).for_update().first()
    if activity is None or not added.exists():
        raise NotFoundError(f"No activity with this foreign_id and time was added to {feed}.")
    if activity.owner not in ("", str(feed)):
        raise NotAllowedError(f"The activity belongs to {activity.owner}.")
    return activity


def _move(activity: Activity, feed: FeedId, *, added: list[FeedId], removed: list[FeedId]) -> None:
    # A feed that targets itself keeps its own entry.
    gone = [target for target in removed if target != feed]
    FeedEntry.objects.filter(activity=activity).targeted(feed, gone).delete()
    entries = [
        FeedEntry(
            activity=activity, time=activity.time, feed=str(target), source=str(feed), origin=""
        )
        for target in added
    ]
    FeedEntry.objects.insert_missing(entries)
    copy_to_followers(entries)
