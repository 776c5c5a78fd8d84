"""Track the remote runs of delivered messages until they end."""

from __future__ import annotations

import threading

from dj_actions.conf import Settings
from dj_actions.exceptions import InvalidSetting, PublishError
from dj_actions.messages import Receipt, ReceiptPart, RemoteRun
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.handler import publisher_class
from dj_actions.relay.resilience import ErrorBackoff
from dj_actions.relay.tuning import DEFAULT_TUNING, LaneTuning
from dj_actions.signals import remote_finished
from dj_actions.states import RemoteState

MAX_RUNS = 100
"""Remote runs checked in one call of a publisher."""

INTERVAL_SHARE_OF_AGE = 0.1
"""Share of its age after which a run is checked again: old runs are checked less often."""

MAX_INTERVAL = 300.0
"""Seconds."""


class Tracker:
    """Tracks the remote runs of one publisher, on a thread of a relay.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay stops.
    """

    def __init__(
        self,
        alias: str,
        settings: Settings,
        stopping: threading.Event,
        tuning: LaneTuning = DEFAULT_TUNING,
    ) -> None:
        self._alias = alias
        self._interval = settings.track_interval
        self._stopping = stopping
        self._backoff = ErrorBackoff(
            task=f"check the remote runs of {alias}", stopping=stopping, wait=tuning.error_wait
        )

    def run(self) -> None:
        """Check runs whenever they are due, until the relay stops."""
        while not self._stopping.is_set():
            if not self._backoff.run(self._track):
                self._stopping.wait(self._interval)

    def run_once(self) -> None:
        """Check the runs that are due now; an error is logged, and ends it."""
        while not self._stopping.is_set() and self._backoff.run(self._track) == MAX_RUNS:
            pass

    def _track(self) -> int:
        return track(publishers[self._alias], interval=self._interval)


def supports_tracking(alias: str, settings: Settings) -> bool:
    """Return whether the runs of a publisher can be tracked; no, if it cannot be imported."""
    try:
        return publisher_class(alias, settings.publishers[alias]).supports_tracking
    except InvalidSetting:
        return False


def track(publisher: BasePublisher, *, interval: float) -> int:
    """Check the runs that are due and store their states; return how many.

    Args:
        publisher: the one that started them.
        interval: shortest time in seconds between two checks of one run.

    Raises:
        PublishError: the destination cannot be reached, or the publisher returned something else
            than one RemoteRun for each receipt.
    """
    due = Delivery.objects.claim_tracking(publisher.alias, limit=MAX_RUNS, interval=interval)
    if not due:
        return 0
    runs = list(publisher.track([_receipt(delivery) for delivery in due]))
    if len(runs) != len(due) or not all(isinstance(run, RemoteRun) for run in runs):
        raise PublishError(
            f"{type(publisher).__name__}.track must return one RemoteRun for each of "
            f"{len(due)} receipts; it returned {len(runs)} values: {str(runs)[:200]}."
        )
    for delivery, run in zip(due, runs, strict=True):
        _record(delivery, run, interval)
    return len(due)


def _receipt(delivery: Delivery) -> Receipt:
    return Receipt(
        id=delivery.receipt_id,
        url=delivery.receipt_url,
        scope=delivery.receipt_scope,
        tracked=True,
        parts=tuple(ReceiptPart(**part) for part in delivery.receipt_parts),
    )


def _record(delivery: Delivery, run: RemoteRun, interval: float) -> None:
    if run.state == RemoteState.RUNNING:
        Delivery.objects.record_progress(delivery, run, wait=_next_wait(delivery, interval))
    elif Delivery.objects.record_end(delivery, run):
        _send_remote_finished(delivery, run)


def _next_wait(delivery: Delivery, interval: float) -> float:
    settled_at = delivery.settled_at or delivery.claimed_at
    age = (delivery.claimed_at - settled_at).total_seconds()
    return max(interval, min(age * INTERVAL_SHARE_OF_AGE, MAX_INTERVAL))


def _send_remote_finished(delivery: Delivery, run: RemoteRun) -> None:
    remote_finished.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        event_id=delivery.event_id,
        publisher=delivery.publisher,
        state=run.state,
        detail=run.detail,
    )
