"""What the destinations of a dry run would say to its messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db import connections

from dj_actions.conf import get_settings
from dj_actions.context import PlannedDelivery
from dj_actions.messages import Actor, Message
from dj_actions.models import ActionEvent
from dj_actions.outbox.queries import NewDelivery
from dj_actions.publishers import publishers
from dj_actions.redaction import TOO_LARGE, is_only_size


def planned_message(event: ActionEvent, delivery: NewDelivery) -> PlannedDelivery:
    """Return a delivery of a dry run with its message."""
    object_ids = tuple(event.object_ids)
    is_bulk = event.object_id is None
    message = Message(
        id=event.pk,
        resource=event.resource,
        action=event.action,
        version=event.version,
        object_id=None if is_bulk else object_ids[0],
        object_ids=object_ids,
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data=event.request_data,
        result=event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra=event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        options=get_settings().route_options(delivery.publisher, f"{event.resource}.{event.action}")
        if delivery.options is None
        else delivery.options,
    )
    return PlannedDelivery(action=message.label, publisher=delivery.publisher, message=message)


def with_refusals(planned: Iterable[PlannedDelivery], *, using: str) -> tuple[PlannedDelivery, ...]:
    """Return deliveries of a dry run, each with the reason why it would not be accepted.

    While a transaction is open, nothing is known: a publisher may use the network.

    Args:
        planned: the deliveries.
        using: alias of the database whose transaction was rolled back.
    """
    if connections[using].in_atomic_block:
        return tuple(planned)
    return tuple(
        replace(entry, refusal=_refusal_of(entry.publisher, entry.message))
        if entry.message
        else entry
        for entry in planned
    )


def _refusal_of(alias: str, message: Message) -> str:
    try:
        publisher = publishers[alias]
        for name in publisher.payload:
            stored = getattr(message, name)
            if is_only_size(stored):
                return (
                    f"The {name} has {stored[TOO_LARGE]} bytes, more than MAX_STORED_BYTES: only "
                    "its size is stored, and there is nothing to publish."
                )
        return publisher.refusal(message)
    except Exception:  # noqa: BLE001 - a dry run must not fail where the action would not
        return ""
