"""Which runs of which deliveries are acted on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from django.db.models import QuerySet

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery
from dj_actions.publishers import OperationOutcome, OperationStatus, publishers
from dj_actions.states import DeliveryState
from dj_actions_airflow.publisher import AirflowPublisher

Chosen: TypeAlias = QuerySet[Delivery] | Iterable[Delivery | int]
"""Deliveries, or their ids."""

PAGE_SIZE = 500
"""Deliveries that are read at once."""

LARGE_COLUMNS = ("errors", "options")
"""Columns that are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A DAG run of a delivery."""

    delivery: int

    event_id: UUID

    publisher: str
    """Alias of the publisher that has triggered it."""

    dag_id: str

    run_id: str

    recorded_state: str
    """What the delivery says about it: the remote state."""

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"run {self.run_id} of DAG {self.dag_id!r}"

    def outcome(self, status: OperationStatus, message: str) -> OperationOutcome:
        """Return what an operation did with it."""
        return OperationOutcome(
            delivery=self.delivery, status=status, message=message, target=self.run_id
        )


def airflow_publishers() -> tuple[str, ...]:
    """Return the aliases of the configured publishers to Airflow."""
    return tuple(alias for alias in get_settings().publishers if airflow_publisher(alias))


def airflow_publisher(alias: str) -> AirflowPublisher | None:
    """Return a configured publisher to Airflow; None if there is none with this alias."""
    try:
        publisher = publishers[alias]
    except InvalidSetting:
        return None
    return publisher if isinstance(publisher, AirflowPublisher) else None


def runs_of(chosen: Chosen) -> Iterator[Run | OperationOutcome]:
    """Yield the runs of deliveries in the order of their ids, or why one has none."""
    ids = _ids(chosen)
    known = set(airflow_publishers())
    for start in range(0, len(ids), PAGE_SIZE):
        page = ids[start : start + PAGE_SIZE]
        rows = Delivery.objects.current(page).defer(*LARGE_COLUMNS)
        found = {row.pk: row for row in rows}
        for key in page:
            yield from _runs(key, found.get(key), known)


def _ids(chosen: Chosen) -> list[int]:
    if isinstance(chosen, QuerySet):
        return sorted(chosen.values_list("pk", flat=True))
    return sorted({entry if isinstance(entry, int) else entry.pk for entry in chosen})


def _runs(key: int, delivery: Delivery | None, known: set[str]) -> Iterator[Run | OperationOutcome]:
    reason = _reason_without_run(delivery, known)
    if reason or delivery is None:
        yield OperationOutcome(delivery=key, status=OperationStatus.SKIPPED, message=reason)
        return
    for dag_id, run_id in receipts_of(delivery):
        yield Run(
            delivery=key,
            event_id=delivery.event_id,
            publisher=delivery.publisher,
            dag_id=dag_id,
            run_id=run_id,
            recorded_state=delivery.remote_state,
        )


def _reason_without_run(delivery: Delivery | None, known: set[str]) -> str:
    if delivery is None:
        return "There is no such delivery."
    if delivery.publisher not in known:
        return f"{delivery.publisher!r} is not a publisher to Airflow in DJ_ACTIONS."
    if delivery.state != DeliveryState.DELIVERED:
        return f"It is {delivery.state}: Airflow has no run of it."
    if not (delivery.receipt_id and delivery.receipt_scope):
        return "No run is recorded with it."
    return ""


def receipts_of(delivery: Delivery) -> list[tuple[str, str]]:
    """Return DAG and run id of each run: all of them, if the message has started several."""
    return [(part["scope"], part["id"]) for part in delivery.receipt_parts] or [
        (delivery.receipt_scope, delivery.receipt_id)
    ]
