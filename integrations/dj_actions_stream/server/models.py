"""The models of the feeds server: activities, the feeds that show them, and who follows whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dj_actions_stream.server.entities.collections import CollectionEntry
from dj_actions_stream.server.entities.marks import Mark
from dj_actions_stream.server.entities.people import User
from dj_actions_stream.server.entities.reactions import Reaction, ReactionCount
from dj_actions_stream.server.parsing.feed_ids import MAX_LENGTH
from dj_actions_stream.server.parsing.fields import MAX_FOREIGN_ID_LENGTH, MAX_VERB_BYTES
from dj_actions_stream.server.querysets import (
    ActivityQuerySet,
    FeedEntryQuerySet,
    FollowQuerySet,
)

__all__ = [
    "Activity",
    "CollectionEntry",
    "FeedEntry",
    "Follow",
    "Mark",
    "Reaction",
    "ReactionCount",
    "User",
]


class Activity(models.Model):
    """An activity, which any number of feeds may show.

    The primary key is derived from (foreign_id, time), so it makes the pair unique. It is the only
    unique constraint on purpose: ON CONFLICT handles one constraint, and a race on a second one
    would raise an error.

    `owner` is the feed that the activity was first added to, or empty if it was created outside of
    a feed. A token for one feed overwrites only what that feed owns.
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
    owner = models.CharField(max_length=MAX_LENGTH, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        indexes = [models.Index(fields=["foreign_id"], name="feeds_activity_foreign_id")]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object}"


class FeedEntry(models.Model):
    """An entry that shows an activity in a feed.

    `time` is the activity's, so that one index has a feed's activities in their order.
    `source` is the feed the activity was added to: the same feed, or another one for a copy by
    `to`. `origin` is the followed feed that a follower's copy came from, or empty. A feed may have
    several entries for an activity, and shows it once until the last entry is deleted.
    """

    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    time = models.DateTimeField()
    feed = models.CharField(max_length=MAX_LENGTH)
    source = models.CharField(max_length=MAX_LENGTH)
    origin = models.CharField(max_length=MAX_LENGTH, blank=True)

    objects = FeedEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feed entries"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "feed", "source", "origin"], name="feeds_entry_once_per_path"
            ),
        ]
        indexes = [
            models.Index(fields=["feed", "-time", "-activity"], name="feeds_entry_page"),
            models.Index(
                fields=["feed", "origin"], condition=~Q(origin=""), name="feeds_entry_origin"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity_id} in {self.feed}"


class Follow(models.Model):
    """A feed that follows another one: what is added to `target` is copied to `follower`."""

    follower = models.CharField(max_length=MAX_LENGTH)
    target = models.CharField(max_length=MAX_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = FollowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "target"], name="feeds_follow_once"),
        ]
        indexes = [
            models.Index(fields=["follower", "-id"], name="feeds_follow_following"),
            models.Index(fields=["target", "-id"], name="feeds_follow_followers"),
        ]

    def __str__(self) -> str:
        return f"{self.follower} follows {self.target}"
