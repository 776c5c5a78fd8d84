"""Every query of the feeds server, named by intent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import time_of

if TYPE_CHECKING:
    from dj_actions_stream.server.models import Activity, FeedEntry


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Activities, wherever they are shown."""

    def newest_first(self) -> Self:
        """Order as a feed does: by id in Stream's sense, that is by time and then by the rest."""
        return self.order_by("-time", "-id")

    def shown_in(self, feed: FeedId) -> Self:
        """Keep those that are in the feed, once each."""
        return self.filter(Exists(_entries().filter(activity=OuterRef("pk"), feed=str(feed))))

    def shown_nowhere(self) -> Self:
        """Keep those that are in no feed."""
        return self.filter(~Exists(_entries().filter(activity=OuterRef("pk"))))

    def older_than(self, activity_id: UUID, *, or_same: bool = False) -> Self:
        """Keep those that come after this id in a feed; it need not exist (any more)."""
        return self.filter(_beside(activity_id, "lt", or_same=or_same))

    def newer_than(self, activity_id: UUID, *, or_same: bool = False) -> Self:
        """Keep those that come before this id in a feed; it need not exist (any more)."""
        return self.filter(_beside(activity_id, "gt", or_same=or_same))

    def locked(self) -> Self:
        """Lock in one order for all, so that two requests never wait for each other."""
        return self.select_for_update().order_by("id")

    def put(self, activities: Iterable[Activity]) -> None:
        """Insert or overwrite, in the order in which rows are locked everywhere."""
        self.bulk_create(
            sorted(activities, key=lambda activity: activity.id),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["foreign_id", "actor", "verb", "object", "target", "to", "custom"],
        )


class FeedEntryQuerySet(models.QuerySet["FeedEntry"]):
    """What is shown where."""

    def put(self, entries: Iterable[FeedEntry]) -> None:
        """Insert those that are not there yet."""
        self.bulk_create(entries, ignore_conflicts=True)

    def shown_because_of(self, feed: FeedId) -> Self:
        """Keep the feed's own entries and the copies that were made because of it."""
        return self.filter(Q(feed=str(feed)) | Q(source=str(feed)))


def _entries() -> FeedEntryQuerySet:
    manager: FeedEntryQuerySet = apps.get_model("feeds_server", "FeedEntry").objects.all()
    return manager


def _beside(activity_id: UUID, lookup: str, *, or_same: bool) -> Q:
    time = time_of(activity_id)
    among_equals = f"id__{lookup}e" if or_same else f"id__{lookup}"
    return Q(**{f"time__{lookup}": time}) | Q(time=time, **{among_equals: activity_id})
