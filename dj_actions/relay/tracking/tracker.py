"""The thread of a relay that follows the remote runs of one publisher."""

from __future__ import annotations

import logging
import threading
import time

from django.db import router

from dj_actions.conf import Settings
from dj_actions.exceptions import PublishError, error_message
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.wakeup import wake_relays
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.failures.outages import is_outage
from dj_actions.relay.throttled import Throttled
from dj_actions.relay.tracking.changed_runs import are_changes_known, check_changed, lists_changes
from dj_actions.relay.tracking.due_runs import MAX_RUNS, track
from dj_actions.relay.tracking.run_pace import RunPace
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning

logger = logging.getLogger(__name__)

INTERVAL_TOLERANCE = 0.9
"""Share of TRACK_INTERVAL after which another relay may request changes: clocks are not exact."""


class Tracker:
    """Follows the remote runs of one publisher, on a thread of a relay.

    Every TRACK_INTERVAL one relay requests the runs that have changed, if the destination lists
    them. Their deliveries become due, as do those that a hint or an operator wants to be checked,
    and those whose time has come; all of them are checked and recorded in the same way.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay stops.
        listening: set while notifications reach the relay.
        tuning: its intervals.
    """

    def __init__(
        self,
        alias: str,
        settings: Settings,
        stopping: threading.Event,
        listening: threading.Event | None = None,
        tuning: RelayTuning = DEFAULT_TUNING,
    ) -> None:
        self.alias = alias
        self._settings = settings
        self._interval = settings.track_interval
        self._stopping = stopping
        self._listening = listening or threading.Event()
        self._tuning = tuning
        self._pace = RunPace(interval=self._interval)
        self._woken = threading.Event()
        self._woken_at = float("-inf")
        self._expects_receipt = False
        self._changes = Throttled(self._interval, self._check_changed)
        self._is_unavailable = False
        self._refusal = ""
        self._backoff = ErrorBackoff(
            task=f"check the remote runs of {alias}",
            stopping=stopping,
            wait=tuning.tracker_error_wait,
        )

    def run(self) -> None:
        """Check runs whenever they are due, until the relay stops."""
        while not self._stopping.is_set():
            if self._backoff.run(self._check) == 0:  # None: it failed, and has already waited
                self._wait()

    def run_once(self) -> None:
        """Check the runs that are due now; an error is logged, and ends it."""
        while not self._stopping.is_set() and self._backoff.run(self._check) == MAX_RUNS:
            pass

    def wake(self) -> None:
        """Check what is due now, or notice that the relay stops."""
        self._woken.set()

    def _wait(self) -> None:
        if self._woken.wait(self._seconds()):
            self._woken.clear()
            self._woken_at = time.monotonic()

    def _seconds(self) -> float:
        """Return the seconds until something may be due."""
        limits = [self._interval]
        if self._is_unavailable:
            limits.append(self._tuning.unavailable_interval)
        if not self._listening.is_set():
            limits.append(self._settings.poll_interval)  # hints wake no relay
        if time.monotonic() - self._woken_at < self._tuning.notify_min_interval:
            # Notifications are coalesced: check once more when that time has passed.
            limits.append(self._tuning.notify_min_interval)
        if self._expects_receipt:
            limits.append(self._tuning.notify_min_interval)
        return min(limits)

    def _check(self) -> int:
        """Check what has changed, if it is time, and what is due; return how many were due.

        Raises:
            PublishError: the destination failed.
        """
        publisher = publishers[self.alias]
        self._follow_ends(publisher)
        self._changes.run_if_due()
        # Before the check: what is settled after this is found by the next one, soon.
        self._expects_receipt = self._may_expect_receipt() and Delivery.objects.expects_receipt(
            self.alias
        )
        try:
            tracked = track(publisher, self._pace)
        except PublishError as error:
            self._is_unavailable = is_outage(error)
            raise
        if tracked.checked:
            self._record_success()
        return tracked.claimed

    def _may_expect_receipt(self) -> bool:
        """Return whether a hint may have come before the receipt: it wakes, and wakes again."""
        age = time.monotonic() - self._woken_at
        return self._expects_receipt or age < 2 * self._tuning.notify_min_interval

    def _follow_ends(self, publisher: BasePublisher) -> None:
        follows = lists_changes(type(publisher))
        self._pace.horizon = self._settings.track_horizon if follows else 0.0

    def _check_changed(self) -> None:
        """Let changed runs be checked; if the destination refuses, each is checked by itself."""
        publisher = publishers[self.alias]
        if not (lists_changes(type(publisher)) and self._has_reason()):
            return
        interval = self._interval * INTERVAL_TOLERANCE
        if PublisherState.objects.take_changes(self.alias, interval=interval):
            try:
                check_changed(publisher, horizon=self._settings.track_horizon)
            except PublishError as error:
                self._record_refusal(error)
            else:
                self._refusal = ""
                self._record_success()
        self._pace.changes_known = are_changes_known(self.alias, interval=self._interval)

    def _has_reason(self) -> bool:
        """Return whether a run is followed, or the end of an outage is to be noticed."""
        return (
            self._is_unavailable
            or Delivery.objects.follows_runs(self.alias)
            or PublisherState.objects.has_outage(self.alias)
        )

    def _record_refusal(self, error: PublishError) -> None:
        self._is_unavailable = is_outage(error)
        if self._is_unavailable:
            self._changes.expire()
        message = error_message(error)
        # Not the message, which may have an id or a time of its own each time.
        kind = f"{type(error).__name__} {error.status}"
        if kind != self._refusal:
            self._refusal = kind
            logger.warning(
                "Publisher %s: its changed runs cannot be listed, each is checked by itself. %s",
                self.alias,
                message,
                extra={"action": "changes_unknown", "publisher": self.alias},
            )

    def _record_success(self) -> None:
        """After an outage, let a message probe at once: the destination responds again."""
        if not self._is_unavailable:
            return
        self._is_unavailable = False
        if PublisherState.objects.allow_probe(self.alias):
            logger.info(
                "Publisher %s responds again; a message may probe now.",
                self.alias,
                extra={"action": "probe_allowed", "publisher": self.alias},
            )
            wake_relays([self.alias], using=router.db_for_write(Delivery))
