"""The messages of deliveries: what a publisher receives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dj_actions.conf import get_settings
from dj_actions.messages import Actor, Message
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.redaction import TOO_LARGE, is_only_size

NO_LEASE = UUID(int=0)

COLUMNS: Mapping[str, str] = {"data": "request_data", "result": "response_data", "extra": "extra"}
"""Field of a message → column of the event."""


def message_of(event: Claimed, missing: Mapping[str, int] | None = None) -> Message:
    """Return the frozen value that a publisher receives.

    Data that was too large to store is left out: the publisher does not send it.

    Args:
        event: what was claimed.
        missing: what `missing_sizes` returns for it, if that is known already.
    """
    if missing is None:
        missing = missing_sizes(event)
    return Message(
        id=event.event_id,
        resource=event.resource,
        action=event.action,
        version=event.version,
        # Its column cuts it to 255 characters; the list has all of them.
        object_id=event.object_ids[0]
        if event.object_id is not None and len(event.object_ids) == 1
        else event.object_id,
        object_ids=tuple(event.object_ids),
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data={} if "data" in missing else event.request_data,
        result=None if "result" in missing else event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra={} if "extra" in missing else event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        parent=event.parent_id,
        options=_options_of(event) if event.options is None else event.options,
        attempt=event.attempts,
        unstored=missing,
    )


def message_of_delivery(delivery: Delivery) -> Message:
    """Return the message of a delivery that is not claimed, as its publisher received it.

    Args:
        delivery: the row, with its event.
    """
    delivery.claimed_at = delivery.queued_at  # no part of the message
    row = Claimed.from_row(delivery, token=NO_LEASE, using=str(delivery._state.db))
    return message_of(row)


def missing_sizes(delivery: Claimed) -> Mapping[str, int]:
    """Return the size of each field of a message that was too large to store."""
    # Thousands a second, of which hardly ever one has such a field: the common answer comes first.
    if not (
        TOO_LARGE in (delivery.request_data or ())
        or TOO_LARGE in (delivery.extra or ())
        or is_only_size(delivery.response_data)
    ):
        return {}
    stored = {name: getattr(delivery, column) for name, column in COLUMNS.items()}
    return {
        name: value[TOO_LARGE]
        for name, value in stored.items()
        if is_only_size(value) and isinstance(value[TOO_LARGE], int)
    }


def _options_of(event: Claimed) -> Mapping[str, Any]:
    """Return the options of the route for an event of which they are not recorded.

    They are not recorded if JSON cannot represent them, if one of them is sensitive, or if the row
    is older than the column.
    """
    return get_settings().route_options(event.publisher, event.label)
