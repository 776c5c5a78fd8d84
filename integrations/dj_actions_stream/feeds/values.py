"""What is read from a feed: pages of activities, or of groups of activities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from dj_actions_stream.feed_ids import FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The actor, an object or the target of an activity."""

    text: str
    """The reference in the activity, for example `todo:7`."""

    label: str
    """How to show it: the label that the activity has; without one, the name of the object."""

    instance: Model | None = None
    """The object; None if it is missing, or the reference is not to one object."""

    is_missing: bool = False
    """Whether the object was deleted, or the viewer may not see it."""

    @property
    def resource(self) -> str:
        """The kind of object, for example `todo`; empty if the reference has none."""
        resource, separator, _ = self.text.partition(":")
        return resource if separator else ""

    @property
    def key(self) -> str:
        """The primary key of the object, as a string; empty if the reference has none."""
        return "" if self.is_bulk else self.text.partition(":")[2]

    @property
    def is_bulk(self) -> bool:
        """Whether the reference is to the objects of a bulk action: `todo:*`."""
        return self.text.endswith(":*")

    @property
    def url(self) -> str:
        """The object's `get_absolute_url()`; empty without one."""
        get_absolute_url = getattr(self.instance, "get_absolute_url", None)
        return str(get_absolute_url()) if get_absolute_url else ""

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedActivity:
    """One action of an actor, as it is in a feed."""

    id: str
    verb: str
    time: datetime
    """When it happened, in UTC."""

    actor: Reference
    object: Reference
    target: Reference | None

    objects: tuple[Reference, ...]
    """The objects of a bulk action, the first ones of many; of another action, its object."""

    object_count: int
    """Number of objects that were acted on."""

    resource: str
    """Resource that was acted on, for example `todo`."""

    summary: str
    """One sentence that describes it; empty without one."""

    foreign_id: str
    event_id: UUID | None
    """Id of the event that was published; None for an activity of another program."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """All fields of the activity, as they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityGroup:
    """Activities that Stream has aggregated."""

    id: str
    verb: str
    updated_at: datetime
    """When the group's newest activity was added, in UTC."""

    activity_count: int
    actor_count: int
    activities: tuple[FeedActivity, ...]
    """The newest activities of the group."""

    is_seen: bool | None
    is_read: bool | None
    """None in a feed without marks."""

    @property
    def time(self) -> datetime:
        """When the group's newest activity was added, in UTC."""
        return self.updated_at

    @property
    def resource(self) -> str:
        """Resource that the newest activity acted on."""
        return self.activities[0].resource if self.activities else ""

    @property
    def actors(self) -> tuple[Reference, ...]:
        """The actors of the activities that are shown, each once, the newest first."""
        return tuple({entry.actor.text: entry.actor for entry in self.activities}.values())

    @property
    def object_count(self) -> int:
        """Number of objects that were acted on, in the activities that are shown."""
        return sum(entry.object_count for entry in self.activities)


Entry = FeedActivity | ActivityGroup
"""An entry of a feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """One page of a feed, newest first."""

    feed: FeedId

    activities: tuple[FeedActivity, ...] = ()
    """The entries of a flat feed."""

    groups: tuple[ActivityGroup, ...] = ()
    """The entries of an aggregated or notification feed."""

    next: str = ""
    """Id that `before` has to be for the next page; empty on the last page."""

    unseen: int | None = None
    unread: int | None = None
    """Number of groups without the mark; None in a feed without marks."""

    @property
    def entries(self) -> tuple[FeedActivity, ...] | tuple[ActivityGroup, ...]:
        """The activities or the groups."""
        return self.groups or self.activities

    @property
    def has_marks(self) -> bool:
        """Whether it is a notification feed."""
        return self.unseen is not None
