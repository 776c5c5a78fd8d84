"""What came of an operation that a publisher offers, on one or many deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import router
from django.utils.translation import gettext_lazy as _

from dj_actions.console.screens.status import Status, Tone
from dj_actions.console.screens.times import NOTHING
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations.batches import RESOURCE, outcomes_of
from dj_actions.operations.delivery_changes import CHANGES
from dj_actions.publishers import OperationOutcome, OperationStatus

OUTCOME_STATUS: Mapping[OperationStatus, Status] = {
    OperationStatus.DONE: Status(word=_("done"), symbol="✓", tone=Tone.GOOD),
    OperationStatus.PLANNED: Status(word=_("would be done"), symbol="→", tone=Tone.BUSY),
    OperationStatus.SKIPPED: Status(word=_("skipped"), symbol=NOTHING, tone=Tone.NEUTRAL),
    OperationStatus.FAILED: Status(word=_("failed"), symbol="✗", tone=Tone.BAD),
    OperationStatus.UNKNOWN: Status(word=_("not known"), symbol="?", tone=Tone.BAD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """What came of the operation on one delivery, or on one of its runs."""

    delivery: int
    event_id: UUID | None
    """The event of the delivery; None if it was archived."""

    status: Status
    message: str
    target: str
    """What it was about at the destination, for example the id of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """The outcomes so far of an operation on some deliveries."""

    count: int
    """Deliveries it was requested for."""

    done: int
    """Deliveries for which all was done."""

    rows: Sequence[OutcomeRow]
    missing: int
    """Deliveries without an outcome."""


def batch_result(event: ActionEvent) -> BatchResult | None:
    """Return the outcomes of the operation that an event records; None if it records none."""
    data = event.request_data if isinstance(event.request_data, dict) else {}
    is_batch = event.resource == RESOURCE and "input" in data and event.action not in CHANGES
    if not is_batch:
        return None
    outcomes = outcomes_of(event)
    known = {outcome.delivery for outcome in outcomes}
    failed = {entry.delivery for entry in outcomes if entry.status is not OperationStatus.DONE}
    return BatchResult(
        count=len(event.object_ids),
        done=len(known - failed),
        rows=outcome_rows(outcomes),
        missing=len(event.object_ids) - len(known),
    )


def outcome_rows(outcomes: Iterable[OperationOutcome]) -> list[OutcomeRow]:
    """Return outcomes with the events of their deliveries."""
    found = list(outcomes)
    deliveries = Delivery.objects.using(router.db_for_write(Delivery)).matching(
        ids={outcome.delivery for outcome in found}
    )
    events = dict(deliveries.order_by().values_list("pk", "event_id"))
    return [
        OutcomeRow(
            delivery=outcome.delivery,
            event_id=events.get(outcome.delivery),
            status=OUTCOME_STATUS[outcome.status],
            message=outcome.message,
            target=outcome.target,
        )
        for outcome in found
    ]
