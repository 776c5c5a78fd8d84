"""The models of the feeds server: activities, and the feeds that show them."""

from __future__ import annotations

from django.db import models

from dj_actions_stream.server.collections import CollectionEntry
from dj_actions_stream.server.feeds import MAX_LENGTH
from dj_actions_stream.server.fields import MAX_FOREIGN_ID_LENGTH, MAX_VERB_BYTES
from dj_actions_stream.server.people import User
from dj_actions_stream.server.querysets import ActivityQuerySet, FeedEntryQuerySet
from dj_actions_stream.server.reactions import Reaction, ReactionCount

__all__ = ["Activity", "CollectionEntry", "FeedEntry", "Reaction", "ReactionCount", "User"]


class Activity(models.Model):
    """An activity, which any number of feeds may show.

    The primary key is derived from (foreign_id, time), so it makes the pair unique. It is the only
    unique constraint on purpose: ON CONFLICT handles one constraint, and a race on a second one
    would raise an error.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    foreign_id = models.CharField(max_length=MAX_FOREIGN_ID_LENGTH, blank=True)
    time = models.DateTimeField()
    actor = models.TextField()
    verb = models.CharField(max_length=MAX_VERB_BYTES)
    object = models.TextField()
    target = models.TextField(blank=True)
    to = models.JSONField(default=list)
    custom = models.JSONField(default=dict)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["foreign_id"], name="feeds_activity_foreign_id"),
            models.Index(fields=["-time", "-id"], name="feeds_activity_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object}"


class FeedEntry(models.Model):
    """An entry that shows an activity in a feed.

    `source` is the feed the activity was added to: the same feed, or another one for a copy by
    `to`. A feed may have several entries for an activity, and shows it until the last is deleted.
    """

    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    feed = models.CharField(max_length=MAX_LENGTH)
    source = models.CharField(max_length=MAX_LENGTH)

    objects = FeedEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feed entries"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "feed", "source"], name="feeds_entry_once_per_source"
            ),
        ]
        indexes = [models.Index(fields=["feed", "activity"], name="feeds_entry_feed")]

    def __str__(self) -> str:
        return f"{self.activity_id} in {self.feed}"
