"""Turn messages into effects, as declared by actions, routes and OPTIONS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured, PublishRejected
from dj_actions.messages import Message
from dj_actions.publishers import require_stored
from dj_actions_stream.declaration.activity import CHOICES, REMOVE, Activity
from dj_actions_stream.declaration.loading import Mapper, declaration_for
from dj_actions_stream.effects import Effect, EffectKind, activity_id
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.mapping.earlier import earlier_messages
from dj_actions_stream.mapping.filling import (
    LATER_EVENTS,
    fill_actor,
    fill_feeds,
    fill_text,
    recipients_of,
    with_collection,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMapping:
    """What a publisher's OPTIONS say about the effects of its messages."""

    alias: str
    feed: str | Sequence[str] = "user:{actor}"
    to: Sequence[str] = ()

    activity: Any = None
    """An `Activity` class, a function, a dotted path to one of them, or a dict of pattern, such as
    `todo.*`, → one of these. An action's own `activity` takes precedence."""

    read_earlier: Callable[[str, Message], Iterator[Message]] = earlier_messages
    """Reads what the publisher has delivered about the same objects."""

    def effects(self, message: Message) -> tuple[Effect, ...]:
        """Return the effects of a message, in the order in which they are to happen.

        Raises:
            PublishRejected: the message has no value for a template, or an invalid recipient.
            DestinationNotFound: a route, or the declaration of an action, is wrong.
            PublisherMisconfigured: OPTIONS are wrong.
        """
        declared = declaration_for(message, self.activity)
        if isinstance(declared, Activity):
            return (*self._earlier(message, declared), *self._own(message, declared))
        return self._own(message, declared)

    def additions(self, message: Message) -> tuple[Effect, ...]:
        """Return the effects of a message that add activities.

        Raises:
            PublishError: they are not known any more.
        """
        # What becomes of earlier activities adds none, and reading those is slow.
        alone = replace(self, read_earlier=_read_nothing)
        try:
            found = alone.effects(message)
        except PublishRejected:  # a reaction needs the activity that it is about
            found = self.effects(message)
        return tuple(effect for effect in found if effect.kind is EffectKind.ADD)

    def _own(self, message: Message, declared: Activity | Mapper) -> tuple[Effect, ...]:
        """Return the effects of a message without those on earlier activities."""
        if isinstance(declared, Activity):
            kind = declared.kind
            default = None if kind is None else self._default(message, declared, EffectKind(kind))
            found = declared.effects(message, default)
        else:
            default = self._default(message, Activity(), EffectKind.ADD)
            result = declared(message, default)
            found = [result] if isinstance(result, Effect) else result or ()
        return tuple(found)

    def _default(self, message: Message, declared: Activity, kind: EffectKind) -> Effect:
        options = message.options
        about = self._newest_earlier(message) if kind is EffectKind.REACT else None
        return Effect(
            kind=kind,
            id=about.id if about else activity_id(message),
            event_id=str(message.id),
            time=about.time if about else message.occurred_at.astimezone(UTC),
            actor=fill_actor(declared.actor, message),
            verb=fill_text(options.get("verb", declared.verb), message),
            object=fill_text(declared.object, with_collection(message)),
            target=fill_text(declared.target, message),
            feeds=() if about else self._feeds(message, declared),
            to=self._to(message, declared, kind),
            labels=_labels(declared, message),
            summary=fill_text(declared.summary, message),
            resource=message.resource,
            object_ids=message.object_ids,
            extra=_chosen(declared, message),
        )

    def _feeds(self, message: Message, declared: Activity) -> tuple[FeedId, ...]:
        if "feed" in message.options:
            found = fill_feeds(message.options["feed"], message, DestinationNotFound, LATER_EVENTS)
        elif declared.feeds is not None:
            found = fill_feeds(declared.feeds, message, DestinationNotFound)
        else:
            found = fill_feeds(self.feed, message, PublisherMisconfigured)
        if not found:
            raise PublishRejected(f"{message.label} has no feed: its templates have no value.")
        return tuple(dict.fromkeys(found))

    def _to(self, message: Message, declared: Activity, kind: EffectKind) -> tuple[FeedId, ...]:
        common: list[FeedId] = []
        if "to" in message.options:
            common = fill_feeds(message.options["to"], message, DestinationNotFound, LATER_EVENTS)
        elif kind is EffectKind.ADD:  # OPTIONS are about copies, not about whom to follow
            common = fill_feeds(self.to, message, PublisherMisconfigured)
        own = fill_feeds(declared.to, message, DestinationNotFound)
        return tuple(dict.fromkeys([*common, *own, *recipients_of(message)]))

    def _earlier(self, message: Message, declared: Activity) -> Iterator[Effect]:
        """Yield what becomes of the earlier activities about the same object."""
        if not (isinstance(declared.earlier, Mapping) or declared.earlier == REMOVE):
            return
        for added in self._earlier_adds(message):
            if declared.earlier == REMOVE:
                yield replace(added, kind=EffectKind.REMOVE, event_id=str(message.id))
                continue
            fields = {
                name: fill_text(value, message) if isinstance(value, str) else value
                for name, value in declared.earlier.items()
            }
            yield replace(added, kind=EffectKind.UPDATE, event_id=str(message.id), extra=fields)

    def _newest_earlier(self, message: Message) -> Effect:
        for added in self._earlier_adds(message):
            return added
        raise PublishRejected(f"{message.label} has no earlier activity to react to.")

    def _earlier_adds(self, message: Message) -> Iterator[Effect]:
        for earlier in self.read_earlier(self.alias, message):
            own = self._own(earlier, declaration_for(earlier, self.activity))
            yield from (effect for effect in own if effect.kind is EffectKind.ADD)


def _read_nothing(_alias: str, _message: Message) -> Iterator[Message]:
    return iter(())


def _labels(declared: Activity, message: Message) -> dict[str, str]:
    values = {
        "actor": declared.actor_label,
        "object": declared.object_label,
        "target": declared.target_label,
    }
    return {role: fill_text(value, message) for role, value in values.items()}


def _chosen(declared: Activity, message: Message) -> dict[str, Any]:
    """Return the fields of the message that the declaration chooses.

    Raises:
        PublishRejected: what they are in was too large to be stored.
    """
    chosen: dict[str, Any] = {}
    for name in CHOICES:
        fields = getattr(declared, name)
        values = getattr(message, name)
        if fields:
            require_stored(message, name)
        if fields and isinstance(values, Mapping):
            chosen[name] = {field: values[field] for field in fields if field in values}
    return chosen
