"""A lane: one thread of a relay, which serves one publisher."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial

from dj_actions.conf import Settings
from dj_actions.database import retry_on_disconnect
from dj_actions.exceptions import error_message
from dj_actions.outbox.environment import require_own_environment
from dj_actions.publishers import publishers
from dj_actions.relay.claiming.claimer import Claimer
from dj_actions.relay.claiming.lease import Lease
from dj_actions.relay.delivering.batch import Batch, deliver
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.lanes.pending_deliveries import PendingDeliveries, pending_of
from dj_actions.relay.lanes.polling import Polling
from dj_actions.relay.process.delivery_counter import DeliveryCounter
from dj_actions.relay.settling.receipts import ReceiptDelay
from dj_actions.relay.settling.rescue import rescue
from dj_actions.relay.throttled import Throttled
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning

logger = logging.getLogger(__name__)


class Lane:
    """Claims, delivers and settles the deliveries of one publisher.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay stops.
        listening: set while notifications of new deliveries reach the relay.
        tuning: its intervals and limits.
        claimer: claims its batches; one for the whole queue by default.
        counter: counts what it delivers; by default nothing does.
    """

    def __init__(
        self,
        alias: str,
        settings: Settings,
        stopping: threading.Event,
        listening: threading.Event | None = None,
        *,
        tuning: RelayTuning = DEFAULT_TUNING,
        claimer: Claimer | None = None,
        counter: DeliveryCounter | None = None,
    ) -> None:
        self.alias = alias
        self.lease = Lease(settings.lease, tuning)
        self.replaced = False
        """Whether another lane has taken its place, because its publisher is stuck."""
        self._stopping = stopping
        self._tuning = tuning
        self._settings = settings.publishers[alias]
        self._retry = self._settings.retry
        self._claimer = claimer or Claimer(alias, settings, CircuitBreaker(alias, tuning), tuning)
        self._breaker = self._claimer.breaker
        self._receipt_delay = ReceiptDelay(tuning)
        self._counter = counter
        self._polling = Polling(
            alias,
            settings,
            stopping=stopping,
            listening=listening or threading.Event(),
            tuning=tuning,
        )
        self._backoff = ErrorBackoff(
            task=f"deliver to {alias}", stopping=stopping, wait=tuning.error_wait
        )
        self._rescue = Throttled(
            tuning.rescue_interval_for(settings.lease), partial(rescue, alias, self._retry)
        )
        self._refresh = Throttled(tuning.refresh_interval, self._read_shared_state)
        self._refresh_open = Throttled(tuning.open_refresh_interval, self._read_shared_state)

    def run(self) -> None:
        """Work until the relay stops."""
        self._prepare()
        while not (self._stopping.is_set() or self.replaced):
            found = self._backoff.run(self.run_once)
            if found:
                self._polling.record_work()
            elif found is not None:  # None: it failed, and has already waited
                self._polling.wait(use_due_time=self._can_use_due_time())

    def wake(self) -> None:
        """Poll at once: there may be new deliveries, or the relay stops."""
        self._polling.wake()

    def drain(self) -> PendingDeliveries:
        """Work until nothing is due, nothing can be sent, or the relay stops.

        Returns:
            What is left pending, and why.
        """
        passes_without_work = 0
        while True:
            passes_without_work = 0 if self._drain_once() else passes_without_work + 1
            left = self._pending()
            # What was recorded meanwhile is due as well.
            if self._stopping.is_set() or not left.is_claimable:
                return left
            # The others are locked: for a moment while another relay claims, else by an operator.
            if passes_without_work:
                if passes_without_work > self._tuning.max_locked_passes:
                    return left
                self._stopping.wait(self._tuning.locked_wait)

    def deliver_once(self) -> PendingDeliveries:
        """Deliver at most one batch; return what is left pending, and why."""
        retry_on_disconnect(self._read_shared_state)
        retry_on_disconnect(self.run_once)
        return self._pending()

    def _drain_once(self) -> bool:
        """Deliver until nothing can be claimed; return whether something was."""
        retry_on_disconnect(self._read_shared_state)
        has_worked = False
        while not self._stopping.is_set():
            if retry_on_disconnect(self.run_once):
                has_worked = True
            # Deliveries that committed late or were released are before the cursor.
            elif not (self._claimer.position.rewind() or self._wait_for_turn()):
                break
        return has_worked

    def _wait_for_turn(self) -> bool:
        """Wait until the rate limit allows a message; return False if that is not what stops."""
        if not self._breaker.is_closed:
            return False
        seconds = retry_on_disconnect(self._claimer.seconds_until_turn)
        self._stopping.wait(seconds)
        return seconds > 0

    def _pending(self) -> PendingDeliveries:
        return retry_on_disconnect(pending_of, self.alias, self._settings)

    def run_once(self) -> bool:
        """Deliver one batch; return whether there was one.

        Raises:
            InvalidSetting: the publisher cannot be created here; another relay may have the
                settings that it needs.
        """
        self.rescue_expired()
        if self._breaker.is_open:
            self._refresh_open.run_if_due()
            return False
        publisher = publishers[self.alias]  # before the claim: if this fails, nothing is held
        claimed = self._claimer.claim()
        if not claimed:
            self._refresh.run_if_due()
            return False
        batch = Batch(
            deliveries=claimed,
            publisher=publisher,
            policy=self._retry,
            breaker=self._breaker,
            on_poison=self._claimer.on_poison,
            receipt_delay=self._receipt_delay,
        )
        started = time.monotonic()
        with self.lease.hold(batch.lease_token):
            counts = deliver(batch, self._stopping)
        if self._counter:
            self._counter.add(self.alias, counts)
        self._claimer.batch_size.record(len(claimed), seconds=time.monotonic() - started)
        return True

    def rescue_expired(self) -> None:
        """Take over deliveries whose lease expired, unless that was done a moment ago."""
        self._rescue.run_if_due()

    def _read_shared_state(self) -> None:
        """Read what stops the publisher.

        Raises:
            InvalidSetting: the data belong to another environment.
        """
        require_own_environment()
        self._breaker.refresh()

    def _can_use_due_time(self) -> bool:
        """Return whether the next delivery can be sent when it is due, and is cheap to find."""
        return not (self._breaker.is_open or self._claimer.position.is_slow)

    def _prepare(self) -> None:
        try:
            publishers[self.alias].prepare()
        except BaseException as error:  # noqa: BLE001 - the first delivery raises it again
            logger.warning("Publisher %s is not ready: %s", self.alias, error_message(error))
