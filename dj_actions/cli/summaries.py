"""Deliveries as plain data, and in tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dj_actions.cli.output import table
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import DeliveryQuerySet

OF_THE_LIST = (
    *("publisher", "state", "attempts", "available_at", "settled_at", "errors", "ordering_key"),
    *("event__resource", "event__action", "event__object_id", "event__object_ids"),
)
"""Columns that a list shows; the event's data may be long."""


def light(deliveries: DeliveryQuerySet) -> Iterable[Delivery]:
    """Fetch only what a list shows."""
    return deliveries.select_related("event").only(*OF_THE_LIST).iterator(chunk_size=1000)


def summary_of(delivery: Delivery) -> dict[str, Any]:
    """Return what a list shows of a delivery."""
    event = delivery.event
    return {
        "id": delivery.pk,
        "publisher": delivery.publisher,
        "state": delivery.state,
        "action": event.label,
        "objects": event.object_ids,
        "event": str(event.pk),
        "attempts": delivery.attempts,
        "available_at": delivery.available_at,
        "settled_at": delivery.settled_at,
        "ordering_key": delivery.ordering_key,
        "last_error": delivery.errors[-1] if delivery.errors else None,
    }


def details_of(delivery: Delivery) -> dict[str, Any]:
    """Return all that is known of a delivery and its event."""
    own = {
        field.attname: getattr(delivery, field.attname)
        for field in Delivery._meta.concrete_fields
        if field.name != "event"
    }
    return own | {"event": event_of(delivery.event)}


def event_of(event: ActionEvent) -> dict[str, Any]:
    """Return all that is known of an event, but for what guards its idempotency."""
    hidden = {"idempotency_key", "fingerprint"}
    return {
        field.attname: getattr(event, field.attname)
        for field in ActionEvent._meta.concrete_fields
        if field.name not in hidden
    }


def deliveries_table(summaries: Iterable[Mapping[str, Any]]) -> str:
    """Return a table of deliveries."""
    return table(
        ("ID", "PUBLISHER", "STATE", "ACTION", "OBJECTS", "TRIES", "NEXT TRY", "LAST ERROR"),
        [
            (
                entry["id"],
                entry["publisher"],
                entry["state"],
                entry["action"],
                objects(entry),
                entry["attempts"],
                entry["available_at"] if entry["state"] == "pending" else None,
                last_error(entry),
            )
            for entry in summaries
        ],
    )


def objects(summary: Mapping[str, Any]) -> str:
    """Return what was acted on, in one line."""
    return ", ".join(map(str, summary["objects"]))


def last_error(summary: Mapping[str, Any]) -> str:
    """Return what went wrong last, in one line."""
    error = summary["last_error"]
    return f"{error.get('kind', '')}: {error.get('message', '')}" if error else ""
