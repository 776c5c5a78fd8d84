"""Follow what became of delivered messages, until it ends."""

from __future__ import annotations

from dj_actions.exceptions import PublishError
from dj_actions.messages import Receipt, RemoteRun
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher
from dj_actions.signals import remote_finished
from dj_actions.states import RemoteState

BATCH = 100
"""Runs asked about in one go."""

SHARE_OF_AGE = 0.1
"""A run that is an hour old can be asked about less often than one that has just begun."""

LONGEST_INTERVAL = 300.0
"""Seconds."""


def track(publisher: BasePublisher, *, interval: float) -> int:
    """Ask about the runs whose turn it is and write down the answers; return how many.

    Args:
        interval: the shortest time in seconds between two questions about one run.

    Raises:
        PublishError: the destination cannot be asked now.
    """
    due = Delivery.objects.claim_tracking(publisher.alias, limit=BATCH, interval=interval)
    if not due:
        return 0
    runs = list(publisher.track([_receipt(delivery) for delivery in due]))
    if len(runs) != len(due) or not all(isinstance(run, RemoteRun) for run in runs):
        raise PublishError(
            f"{type(publisher).__name__}.track must give one RemoteRun for each of {len(due)} "
            f"receipts, not {len(runs)} answers: {str(runs)[:200]}."
        )
    for delivery, run in zip(due, runs, strict=True):
        _write_down(delivery, run, interval)
    return len(due)


def _receipt(delivery: Delivery) -> Receipt:
    return Receipt(
        id=delivery.receipt_id,
        url=delivery.receipt_url,
        scope=delivery.receipt_scope,
        tracked=True,
    )


def _write_down(delivery: Delivery, run: RemoteRun, interval: float) -> None:
    if run.state == RemoteState.RUNNING:
        Delivery.objects.record_progress(delivery, run, wait=_next_wait(delivery, interval))
    elif Delivery.objects.record_end(delivery, run):
        _announce(delivery, run)


def _next_wait(delivery: Delivery, interval: float) -> float:
    settled_at = delivery.settled_at or delivery.claimed_at
    age = (delivery.claimed_at - settled_at).total_seconds()
    return max(interval, min(age * SHARE_OF_AGE, LONGEST_INTERVAL))


def _announce(delivery: Delivery, run: RemoteRun) -> None:
    remote_finished.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        event_id=delivery.event_id,
        publisher=delivery.publisher,
        state=run.state,
        detail=run.detail,
    )
