"""Every query of the feeds server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import time_from_id

if TYPE_CHECKING:
    from dj_actions_stream.server.models import Activity, FeedEntry


class ActivityQuerySet(models.QuerySet["Activity"]):
    """A queryset of activities."""

    def newest_first(self) -> Self:
        """Return the activities in the order of a feed: by time, then by id."""
        return self.order_by("-time", "-id")

    def shown_in(self, feed: FeedId) -> Self:
        """Return the activities in a feed, without duplicates."""
        return self.filter(Exists(_entries().filter(activity=OuterRef("pk"), feed=str(feed))))

    def orphaned(self) -> Self:
        """Return the activities that are not in any feed."""
        return self.filter(~Exists(_entries().filter(activity=OuterRef("pk"))))

    def older_than(self, activity_id: UUID, *, inclusive: bool = False) -> Self:
        """Return the activities that follow this id in a feed; the id need not exist."""
        return self.filter(_past(activity_id, "lt", inclusive=inclusive))

    def newer_than(self, activity_id: UUID, *, inclusive: bool = False) -> Self:
        """Return the activities that precede this id in a feed; the id need not exist."""
        return self.filter(_past(activity_id, "gt", inclusive=inclusive))

    def for_update(self) -> Self:
        """Lock the activities in the order of their ids, so that requests do not deadlock."""
        return self.select_for_update().order_by("id")

    def upsert(self, activities: Iterable[Activity]) -> None:
        """Insert or overwrite activities, in the order in which rows are locked."""
        self.bulk_create(
            sorted(activities, key=lambda activity: activity.id),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["foreign_id", "actor", "verb", "object", "target", "to", "custom"],
        )


class FeedEntryQuerySet(models.QuerySet["FeedEntry"]):
    """A queryset of feed entries."""

    def insert_missing(self, entries: Iterable[FeedEntry]) -> None:
        """Insert the entries that do not exist yet."""
        self.bulk_create(entries, ignore_conflicts=True)

    def added_through(self, feed: FeedId) -> Self:
        """Return the feed's own entries and the copies of activities added to it."""
        return self.filter(Q(feed=str(feed)) | Q(source=str(feed)))


def _entries() -> FeedEntryQuerySet:
    manager: FeedEntryQuerySet = apps.get_model("feeds_server", "FeedEntry").objects.all()
    return manager


def _past(activity_id: UUID, lookup: str, *, inclusive: bool) -> Q:
    time = time_from_id(activity_id)
    same_time = f"id__{lookup}e" if inclusive else f"id__{lookup}"
    return Q(**{f"time__{lookup}": time}) | Q(time=time, **{same_time: activity_id})
