"""The earlier messages about an object, read from the records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from dj_actions.conf import get_settings
from dj_actions.messages import Actor, Message
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery

PAGE_SIZE = 500
"""Deliveries that are read at once."""


def earlier_messages(alias: str, message: Message) -> Iterator[Message]:
    """Yield what a publisher has sent about the same object, or objects, newest first.

    Messages about several objects at once are left out: they remain true for the others. So are
    those whose delivery or event is pruned or archived.
    """
    below: UUID | None = None
    while page := _page(alias, message, below):
        yield from (message_of(delivery) for delivery in page)
        below = page[-1].event_id


def message_of(delivery: Delivery) -> Message:
    """Return the message of a delivery, as its publisher received it."""
    event = delivery.event
    options = delivery.options
    if options is None:
        options = get_settings().route_options(delivery.publisher, event.label)
    return Message(
        id=event.id,
        resource=event.resource,
        action=event.action,
        version=event.version,
        object_id=event.object_id,
        object_ids=tuple(event.object_ids),
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data=event.request_data,
        result=event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra=event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        parent=event.parent_id,
        options=options,
    )


def _page(alias: str, message: Message, below: UUID | None) -> list[Delivery]:
    # This package is imported before models can be: the feeds server is an app inside it.
    from dj_actions.models import Delivery  # noqa: PLC0415

    earlier = Delivery.objects.filter(
        publisher=alias,
        # The receipt of one that was sent a moment ago may not be stored yet.
        state__in=(DeliveryState.DELIVERED, DeliveryState.SENDING),
        event__resource=message.resource,
        event__object_id__in=message.object_ids,
        event__created_at__lte=message.occurred_at,
    ).exclude(event=message.id)
    if below is not None:
        earlier = earlier.filter(event__lt=below)
    return list(earlier.select_related("event").order_by("-event_id")[:PAGE_SIZE])
