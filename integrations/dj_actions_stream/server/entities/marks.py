"""What the owner of a notification feed has seen and read."""

from __future__ import annotations

from django.db import models

from dj_actions_stream.server.feed_groups.aggregation import MAX_KEY_LENGTH
from dj_actions_stream.server.parsing.feed_ids import MAX_LENGTH


class Mark(models.Model):
    """Up to which entry a group of a notification feed, or the whole feed, was seen and read.

    Entries are compared by their primary keys, which are those of insertion. So an activity that
    is added later makes its group unseen again, whatever its time.
    """

    feed = models.CharField(max_length=MAX_LENGTH)
    # "" stands for the whole feed.
    group = models.CharField(max_length=MAX_KEY_LENGTH, blank=True)
    seen_up_to = models.BigIntegerField(default=0)
    read_up_to = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feed", "group"], name="feeds_mark_once_per_group"),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.group}".strip()
