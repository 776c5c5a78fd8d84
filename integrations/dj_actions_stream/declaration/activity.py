"""How the actions of a resource appear in feeds: `class TodoActivity(Activity)`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from dj_actions.messages import Message
from dj_actions_stream.effects import Effect, EffectKind

KEEP, REMOVE = "keep", "remove"
"""What becomes of earlier activities, unless their fields are set."""


class Activity:
    """What the message of an action becomes in activity feeds.

    Set it as `activity` of an action, or in OPTIONS of the publisher. Each attribute that is a
    string is a template, such as `team:{data.team_id}`; a method with its name, which takes the
    message, replaces it.
    """

    kind: ClassVar[Any] = EffectKind.ADD
    """What the message does: `add` an activity, `follow`, `unfollow`, `react`; None for nothing
    but what `earlier` says."""

    actor: ClassVar[Any] = "user:{actor}"
    """Reference to the actor; without a user it is `system`."""

    verb: ClassVar[Any] = "{action}"

    object: ClassVar[Any] = "{resource}:{object}"
    """Reference to the object; of a bulk action, for example `todo:*`."""

    target: ClassVar[Any] = ""
    """Reference to what the object belongs to, for example `list:{data.list_id}`."""

    feeds: ClassVar[Any] = None
    """Templates of the feeds that have the activity; of those that follow, for a `follow`. None
    uses those of the route or of OPTIONS."""

    to: ClassVar[Any] = ()
    """Templates of feeds that get a copy in addition to those of the route or of OPTIONS, and to
    emitted recipients; of those that are followed, for a `follow`."""

    actor_label: ClassVar[Any] = "{actor.label}"
    object_label: ClassVar[Any] = "{object.label}"
    target_label: ClassVar[Any] = ""

    summary: ClassVar[Any] = "{summary}"

    data: ClassVar[Sequence[str]] = ()
    """Names of the fields of the input that everyone who may read the feeds may see."""

    result: ClassVar[Sequence[str]] = ()
    """The same for the result."""

    extra: ClassVar[Sequence[str]] = ()
    """The same for the extra data that the action emits."""

    earlier: ClassVar[Any] = KEEP
    """What becomes of the earlier activities about the object alone: `keep`, `remove`, or the
    fields to set in them, such as `{"object_label": "{object.label}"}`. The publisher needs
    ORDERING "key" then, so that they are there."""

    def effects(self, message: Message, default: Effect | None) -> Iterable[Effect]:  # noqa: ARG002 - for subclasses
        """Return the effects of a message; override it for others than the declared one.

        Args:
            message: the message.
            default: the declared effect; None if `kind` is None.
        """
        return () if default is None else (default,)


TEXTS = (
    *("actor", "verb", "object", "target"),
    *("actor_label", "object_label", "target_label", "summary"),
)
"""Attributes of an activity that are a template."""

FEEDS = ("feeds", "to")
"""Attributes that are templates of feeds."""

CHOICES = ("data", "result", "extra")
"""Attributes that list fields of a message."""

KINDS = (EffectKind.ADD, EffectKind.FOLLOW, EffectKind.UNFOLLOW, EffectKind.REACT)
"""Kinds that a declaration can have; `earlier` has the others."""

ATTRIBUTES = (*TEXTS, *FEEDS, *CHOICES, "kind", "earlier", "effects")
