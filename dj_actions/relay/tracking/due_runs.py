"""Check remote runs, and record what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dj_actions.exceptions import PublishError
from dj_actions.messages import Receipt, ReceiptPart, RemoteRun
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher
from dj_actions.relay.tracking.remote_reports import cleaned, is_same_end, merged, report_of
from dj_actions.relay.tracking.run_pace import RunPace
from dj_actions.signals import remote_finished
from dj_actions.states import ENDED_STATES, RemoteState

MAX_RUNS = 100
"""Remote runs checked in one call of a publisher."""


class Tracked(NamedTuple):
    """How many runs were due, and of how many of them the state was read."""

    claimed: int
    checked: int


def track(publisher: BasePublisher, pace: RunPace) -> Tracked:
    """Check the runs that are due and store their states.

    Args:
        publisher: the one that started them.
        pace: when each of them is checked next.

    Raises:
        PublishError: the destination cannot be reached, or the publisher returned something else
            than one RemoteRun for each receipt.
    """
    claimed = Delivery.objects.claim_tracking(
        publisher.alias, limit=MAX_RUNS, interval=pace.interval
    )
    due = _without_new(claimed, pace)
    if due:
        runs = _runs_of(publisher, due)
        for delivery, run in zip(due, runs, strict=True):
            record(delivery, run, pace)
    return Tracked(claimed=len(claimed), checked=len(due))


def _without_new(claimed: Sequence[Delivery], pace: RunPace) -> list[Delivery]:
    """Postpone the runs that have only begun, and return the others.

    Most of them end before they are checked by themselves, and are listed as changed then.
    """
    waits = {delivery.pk: pace.first_wait(delivery) for delivery in claimed}
    new = [delivery for delivery in claimed if waits[delivery.pk] > 0]
    if new:
        Delivery.objects.postpone_check(new, wait=max(waits[delivery.pk] for delivery in new))
    return [delivery for delivery in claimed if waits[delivery.pk] <= 0]


def _runs_of(publisher: BasePublisher, due: Sequence[Delivery]) -> list[RemoteRun]:
    runs = list(publisher.track([_receipt(delivery) for delivery in due]))
    if len(runs) != len(due) or not all(isinstance(run, RemoteRun) for run in runs):
        raise PublishError(
            f"{type(publisher).__name__}.track must return one RemoteRun for each of "
            f"{len(due)} receipts; it returned {len(runs)} values: {str(runs)[:200]}."
        )
    return runs


def _receipt(delivery: Delivery) -> Receipt:
    return Receipt(
        id=delivery.receipt_id,
        url=delivery.receipt_url,
        scope=delivery.receipt_scope,
        tracked=True,
        parts=tuple(ReceiptPart(**part) for part in delivery.receipt_parts),
        options=delivery.options or {},
    )


def record(delivery: Delivery, run: RemoteRun, pace: RunPace) -> None:
    """Record the state of a run, and send `remote_finished` if it is a new end.

    Args:
        delivery: the delivery, as it was claimed.
        run: its run.
        pace: when it is checked next.
    """
    run = cleaned(run)
    wait = pace.next_wait(delivery, run.state)
    if _is_recorded(delivery, run):
        report = merged(delivery.remote_report, run)
        Delivery.objects.record_progress(delivery, run, report=report, wait=wait)
        return
    recorded = Delivery.objects.record_change(delivery, run, report=report_of(run), wait=wait)
    if recorded and run.state in ENDED_STATES:
        pace.learn(delivery, run)
        _send_remote_finished(delivery, run)


def _is_recorded(delivery: Delivery, run: RemoteRun) -> bool:
    if run.state != delivery.remote_state:
        return False
    return run.state == RemoteState.RUNNING or is_same_end(delivery.remote_report, run)


def _send_remote_finished(delivery: Delivery, run: RemoteRun) -> None:
    remote_finished.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        event_id=delivery.event_id,
        publisher=delivery.publisher,
        state=run.state,
        detail=run.detail,
        previous_state=RemoteState(delivery.remote_state),
        failure=run.failure,
        result=run.result,
    )
