"""What a message does to activity feeds, in terms that every version of Stream has.

A mapping turns a message into effects, and a publisher turns effects into calls of its client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from dj_actions.messages import Message
from dj_actions_stream.feed_ids import FeedId

ID_PREFIX = "djactions:"
"""Start of the ids of all activities that DJ Actions publishes."""


class EffectKind(StrEnum):
    """What an effect does."""

    ADD = "add"
    """Add an activity to `feeds`, with copies in `to`; an existing one is overwritten."""

    UPDATE = "update"
    """Set the fields in `extra` of an activity that exists."""

    REMOVE = "remove"
    """Remove an activity from `feeds`, with its copies."""

    FOLLOW = "follow"
    """Let each of `feeds` follow each of `to`."""

    UNFOLLOW = "unfollow"
    """Let each of `feeds` stop following each of `to`."""

    REACT = "react"
    """Add a reaction of `actor` to an activity that exists; `verb` is the kind of reaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change of activity feeds.

    Two effects with the same kind, id and time are the same change: a destination that gets both
    has the same content as if it got one.
    """

    kind: EffectKind = EffectKind.ADD

    id: str
    """Our own id of the activity that is added, changed or reacted to, for example
    `djactions:0198…`; see `activity_id`."""

    event_id: str = ""
    """Id of the event that causes this effect: the key of a reaction."""

    time: datetime
    """When the activity happened, in UTC; with `id` the key of an activity of Feeds v2."""

    actor: str = ""
    """Reference to the one who acted, for example `user:1`, or `system`."""

    verb: str = ""
    """What happened, for example `mark_done`."""

    object: str = ""
    """Reference to what was acted on, for example `todo:7`, or `todo:*` for a bulk action."""

    target: str = ""
    """Reference to what the object belongs to, for example `list:3`; empty without one."""

    feeds: tuple[FeedId, ...] = ()
    """Feeds that are changed; strings such as `user:7` are converted. An activity is in the first
    one, with copies in the others."""

    to: tuple[FeedId, ...] = ()
    """Feeds that receive a copy of an activity, or that are followed."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """How to show the references: `actor`, `object` or `target` → text for readers."""

    summary: str = ""
    """One sentence for readers."""

    resource: str = ""
    """Resource that was acted on, for example `todo`."""

    object_ids: tuple[str, ...] = ()
    """Primary keys of all objects, as strings."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the activity, as JSON; of a reaction, its data."""

    def __post_init__(self) -> None:
        """Convert strings, such as a `Feed`, to feed ids.

        Raises:
            ValueError: one is not a feed id.
        """
        for name in ("feeds", "to"):
            feeds = tuple(map(_feed_id, getattr(self, name)))
            object.__setattr__(self, name, feeds)


def _feed_id(feed: FeedId | str) -> FeedId:
    return feed if isinstance(feed, FeedId) else FeedId.parse(feed)


def activity_id(message: Message) -> str:
    """Return our own id of the activity of a message, the same at every attempt."""
    return f"{ID_PREFIX}{message.id}"
