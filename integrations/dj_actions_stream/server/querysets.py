"""The queries on activities, feed entries and follows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Exists, Min, OuterRef, Q

from dj_actions_stream.server.identity import time_from_id
from dj_actions_stream.server.parsing.feed_ids import FeedId

if TYPE_CHECKING:
    from dj_actions_stream.server.models import Activity, FeedEntry, Follow

# One statement inserts at most this many rows.
BATCH_SIZE = 1000
CONTENT = ("actor", "verb", "object", "target", "custom")


class ActivityQuerySet(models.QuerySet["Activity"]):
    """A queryset of activities."""

    def shown_in(self, feed: FeedId) -> Self:
        """Return the activities in a feed, without duplicates."""
        return self.filter(Exists(_entries().filter(activity=OuterRef("pk"), feed=str(feed))))

    def orphaned(self) -> Self:
        """Return the activities that are not in any feed."""
        return self.filter(~Exists(_entries().filter(activity=OuterRef("pk"))))

    def for_update(self) -> Self:
        """Lock the activities in the order of their ids, so that requests do not deadlock."""
        return self.select_for_update().order_by("id")

    def lock_against_removal(self) -> list[UUID]:
        """Lock the activities in the order of their ids, and return those that exist by then."""
        locked = self.select_for_update(no_key=True).order_by("id")
        return list(locked.values_list("pk", flat=True))

    def insert_and_lock(self, activities: Iterable[Activity]) -> None:
        """Insert the activities that do not exist, and lock all of them, without overwriting.

        One statement does both: it cannot deadlock, since it takes the rows in the order of their
        ids, and no other request can delete a row in between. The field that it writes is part of
        the id, so its value does not change.
        """
        self._upsert(activities, ["foreign_id"])

    def overwrite(self, activities: Iterable[Activity]) -> None:
        """Write the content of activities that exist."""
        self._upsert(activities, [*CONTENT, "to", "owner"])

    def _upsert(self, activities: Iterable[Activity], fields: Sequence[str]) -> None:
        self.bulk_create(
            sorted(activities, key=lambda activity: activity.id),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )


class FeedEntryQuerySet(models.QuerySet["FeedEntry"]):
    """A queryset of feed entries."""

    def insert_missing(self, entries: Iterable[FeedEntry]) -> None:
        """Insert the entries that do not exist yet, in batches that fit into memory."""
        iterator = iter(entries)
        while batch := list(islice(iterator, BATCH_SIZE)):
            self.bulk_create(batch, ignore_conflicts=True)

    def in_feed(self, feed: FeedId) -> Self:
        """Return the entries of a feed."""
        return self.filter(feed=str(feed))

    def own(self) -> Self:
        """Return the entries that were added to their feed, not copied by following."""
        return self.filter(origin="")

    def newest_first(self) -> Self:
        """Return the entries in the order of a feed: by time, then by the activity's id."""
        return self.order_by("-time", "-activity_id")

    def older_than(self, activity_id: UUID, *, inclusive: bool = False) -> Self:
        """Return the entries that follow this activity in a feed; it need not exist."""
        return self.filter(_past(activity_id, "lt", inclusive=inclusive))

    def newer_than(self, activity_id: UUID, *, inclusive: bool = False) -> Self:
        """Return the entries that precede this activity in a feed; it need not exist."""
        return self.filter(_past(activity_id, "gt", inclusive=inclusive))

    def activities(self, start: int, stop: int) -> list[tuple[UUID, str]]:
        """Return the ids of the activities from one position to another, newest first, once each.

        The second value is the followed feed that the activity was copied from; it is empty if the
        activity was added to the feed itself.
        """
        grouped = self.values("time", "activity_id").annotate(first_origin=Min("origin"))
        rows = grouped.order_by("-time", "-activity_id")[start:stop]
        return [(row["activity_id"], row["first_origin"]) for row in rows]

    def added_through(self, feed: FeedId) -> Self:
        """Return the feed's own entries and all copies that came from it."""
        return self.filter(Q(feed=str(feed)) | Q(source=str(feed)) | Q(origin=str(feed)))

    def copied_to(self, follower: FeedId, *, origin: FeedId) -> Self:
        """Return the follower's copies of what it received from another feed."""
        return self.filter(feed=str(follower), origin=str(origin))

    def targeted(self, source: FeedId, targets: Collection[FeedId]) -> Self:
        """Return the copies that `source` sent to targets, and those of the targets' followers."""
        names = [str(target) for target in targets]
        return self.filter(Q(feed__in=names, origin="") | Q(origin__in=names), source=str(source))


class FollowQuerySet(models.QuerySet["Follow"]):
    """A queryset of follows."""

    def insert_missing(self, follows: Iterable[Follow]) -> None:
        """Insert the follows that do not exist yet."""
        self.bulk_create(follows, ignore_conflicts=True, batch_size=BATCH_SIZE)

    def existing(self, keys: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the pairs of follower and target that exist, among others."""
        followers, targets = {key[0] for key in keys}, {key[1] for key in keys}
        found = self.filter(follower__in=followers, target__in=targets)
        return list(found.values_list("follower", "target"))

    def of_follower(self, feed: FeedId) -> Self:
        """Return what the feed follows."""
        return self.filter(follower=str(feed))

    def of_target(self, feed: FeedId) -> Self:
        """Return the follows of the feed by others."""
        return self.filter(target=str(feed))

    def newest_first(self) -> Self:
        """Return the follows in the order of a response."""
        return self.order_by("-id")

    def in_groups(self, field: str, slugs: Collection[str]) -> Self:
        """Return the follows whose `follower` or `target` is in one of the feed groups."""
        matches = Q()
        for slug in slugs:
            matches |= Q(**{f"{field}__startswith": f"{slug}:"})
        return self.filter(matches)


def _entries() -> FeedEntryQuerySet:
    manager: FeedEntryQuerySet = apps.get_model("feeds_server", "FeedEntry").objects.all()
    return manager


def _past(activity_id: UUID, lookup: str, *, inclusive: bool) -> Q:
    time = time_from_id(activity_id)
    opposite = {"lt": "gt", "gt": "lt"}[lookup]
    excluded = f"activity_id__{opposite}" if inclusive else f"activity_id__{opposite}e"
    # Written without OR, so that the database starts at the time in the index instead of
    # collecting everything beyond it.
    return Q(**{f"time__{lookup}e": time}) & ~Q(**{"time": time, excluded: activity_id})
