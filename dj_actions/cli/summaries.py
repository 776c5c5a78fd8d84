"""Deliveries as plain data and as tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict
from operator import itemgetter
from typing import Any

from dj_actions.cli.output import table
from dj_actions.models import Delivery
from dj_actions.operations.content import column_values
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.outbox.times import aware

SUMMARY_COLUMNS = (
    *("publisher", "state", "attempts", "available_at", "settled_at", "errors", "ordering_key"),
    *("remote_state", "remote_detail", "remote_report"),
    *("event__resource", "event__action", "event__object_id", "event__object_ids"),
)
"""Columns that a list shows; the other columns of an event may be large."""


PAGE_SIZE = 500
"""Deliveries that are fetched at once."""


def light(deliveries: DeliveryQuerySet) -> Iterator[Delivery]:
    """Fetch only the columns that a list shows, page by page, the oldest first.

    A server-side cursor would not survive a connection pooler in transaction mode.
    """
    ids = list(deliveries.values_list("pk", flat=True))
    rows = Delivery.objects.using(deliveries.db).select_related("event").only(*SUMMARY_COLUMNS)
    for start in range(0, len(ids), PAGE_SIZE):
        yield from rows.filter(pk__in=ids[start : start + PAGE_SIZE]).order_by("pk")


def summary_of(delivery: Delivery) -> dict[str, Any]:
    """Return the values of a delivery that a list shows."""
    event, using = delivery.event, str(delivery._state.db)
    return {
        "id": delivery.pk,
        "publisher": delivery.publisher,
        "state": delivery.state,
        "action": event.label,
        "objects": event.object_ids,
        "event": str(event.pk),
        "attempts": delivery.attempts,
        "available_at": aware(delivery.available_at, using=using),
        "settled_at": delivery.settled_at and aware(delivery.settled_at, using=using),
        "ordering_key": delivery.ordering_key,
        "last_error": delivery.errors[-1] if delivery.errors else None,
        "remote_state": delivery.remote_state,
        "remote_run": delivery.remote_summary,
        "remote_failure": delivery.remote_failure,
    }


def details_of(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery with its event, except the columns that implement idempotency."""
    event = column_values(delivery.event, exclude=("idempotency_key", "fingerprint"))
    attempts = [asdict(attempt) for attempt in delivery.attempt_log]
    return column_values(delivery, exclude=("event",)) | {"attempt_log": attempts, "event": event}


def deliveries_table(summaries: Collection[Mapping[str, Any]]) -> str:
    """Return a table of deliveries; with their remote runs, if one of them has one."""
    columns = dict(COLUMNS)
    if not any(entry["remote_run"] for entry in summaries):
        del columns["REMOTE RUN"]
    rows = [[value(entry) for value in columns.values()] for entry in summaries]
    return table(list(columns), rows)


def _objects(summary: Mapping[str, Any]) -> str:
    return ", ".join(map(str, summary["objects"]))


def _last_error(summary: Mapping[str, Any]) -> str:
    error = summary["last_error"]
    return f"{error.get('kind', '')}: {error.get('message', '')}" if error else ""


COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "ID": itemgetter("id"),
    "PUBLISHER": itemgetter("publisher"),
    "STATE": itemgetter("state"),
    "ACTION": itemgetter("action"),
    "OBJECTS": _objects,
    "ATTEMPTS": itemgetter("attempts"),
    "NEXT ATTEMPT": lambda entry: entry["available_at"] if entry["state"] == "pending" else None,
    "REMOTE RUN": itemgetter("remote_run"),
    "LAST ERROR": _last_error,
}
"""Heading → the value of a delivery's summary."""
