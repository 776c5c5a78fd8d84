"""Deliver a batch: publish its messages and settle each delivery."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

from dj_actions.database import retry_on_disconnect
from dj_actions.messages import Receipt
from dj_actions.outbox.attempts import Timing
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.ordering import are_ordered, independent_groups
from dj_actions.outbox.queries import Counts
from dj_actions.policies import OnPoison, RetryPolicy
from dj_actions.publishers import BasePublisher
from dj_actions.relay.delivering.attempt_timer import AttemptTimer
from dj_actions.relay.delivering.publishing import publish, receipt_or_error
from dj_actions.relay.failures.attempts import failed_attempt
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from dj_actions.relay.failures.outages import was_sent
from dj_actions.relay.failures.retries import retry_wait
from dj_actions.relay.settling.receipts import ReceiptBuffer, ReceiptDelay
from dj_actions.relay.settling.release import release
from dj_actions.relay.settling.settlement import settle_failure

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The deliveries of one claim, and what is needed to deliver them."""

    deliveries: Sequence[Claimed]
    """At least one; all of them have the same lease token."""

    publisher: BasePublisher
    policy: RetryPolicy
    breaker: CircuitBreaker

    on_poison: OnPoison | None = None
    """How a dead letter affects later deliveries, if the publisher keeps an order."""

    receipt_delay: ReceiptDelay
    """How long receipts are collected before they are settled."""

    @property
    def lease_token(self) -> UUID:
        """The lease under which the deliveries are held."""
        return self.deliveries[0].lease_token

    @property
    def is_retry(self) -> bool:
        """Whether one of the deliveries was tried before: its message may be what kills relays."""
        return any(claimed.attempts > 1 for claimed in self.deliveries)


def deliver(batch: Batch, stopping: threading.Event) -> Counts:
    """Publish a batch and settle each delivery soon after its outcome is known.

    It ends early if the relay stops, the breaker opens, the lease is lost, or a dead letter blocks
    the publisher; deliveries that were not tried by then are released as if they had never been
    claimed.

    Returns:
        How many were delivered, and how many have failed.
    """
    return BatchDelivery(batch, stopping).run()


class BatchDelivery:
    """A batch on its way: what is published, settled, and blocked by a failure.

    Args:
        batch: what was claimed.
        stopping: set when the relay stops.
    """

    def __init__(self, batch: Batch, stopping: threading.Event) -> None:
        self._batch = batch
        self._stopping = stopping
        self._is_probe = not batch.breaker.is_closed
        # If one was tried before, each receipt is settled at once, so that after a crash the
        # first delivery that is left is the one whose message killed the relay.
        delay = None if batch.is_retry else batch.receipt_delay
        self._receipts = ReceiptBuffer(batch.lease_token, delay=delay, on_poison=batch.on_poison)
        self._timer = AttemptTimer(batch.deliveries, batch.publisher)
        self._failed = 0
        self._began_at = time.monotonic()
        self._blocking: list[Claimed] = []
        """Those that failed, and those that wait for them."""

    def run(self) -> Counts:
        """Deliver one group after the other; settle and release the rest; return the counts."""
        try:
            for group in independent_groups(self._batch.deliveries):
                if not self._publish(self._without_blocked(group)):
                    break
        finally:
            self._receipts.flush()
            self._release_untried()
            self._log()
        return Counts(delivered=self._receipts.settled, failed=self._failed)

    def _without_blocked(self, group: list[Claimed]) -> list[Claimed]:
        """Return those that no earlier failure blocks; the others block later ones in turn."""
        if not self._blocking:
            return group
        blocked = [one for one in group if any(are_ordered(one, other) for other in self._blocking)]
        self._blocking += blocked
        return [one for one in group if one not in blocked] if blocked else group

    def _publish(self, group: Sequence[Claimed]) -> bool:
        """Publish some deliveries and settle them; return whether the next may follow."""
        batch, timer = self._batch, self._timer
        with closing(publish(group, batch.publisher)) as outcomes:
            timer.begin()
            for claimed, outcome in zip(group, outcomes, strict=False):
                timing = timer.end()
                result = receipt_or_error(outcome, batch.publisher)
                self._record(result, claimed)
                if isinstance(result, Receipt):
                    held = self._receipts.add((claimed, result, timing))
                else:
                    held = self._receipts.flush() and self._fail(claimed, result, timing)
                if not held or self._stopping.is_set() or not batch.breaker.is_closed:
                    return False
                if self._receipts.is_empty:  # otherwise nothing was settled, and no time passed
                    timer.begin()
        return True

    def _record(self, result: Receipt | BaseException, claimed: Claimed) -> None:
        """Let the circuit breaker know what the destination did, if it was called at all."""
        breaker = self._batch.breaker
        if was_sent(result):
            breaker.record(result, claimed.event_id)
        elif self._is_probe:
            breaker.return_probe()  # another message may probe at once

    def _fail(self, claimed: Claimed, error: BaseException, timing: Timing) -> bool:
        """Settle a failure; return whether the next delivery may follow."""
        batch = self._batch
        attempt = failed_attempt(claimed, error, timing, is_probe=self._is_probe)
        wait = (
            retry_wait(claimed, error, batch.policy)
            if attempt.is_counted
            else batch.breaker.remaining()
        )
        held = settle_failure(claimed, attempt, wait=wait, on_poison=batch.on_poison)
        if held:
            self._failed += 1
            self._blocking.append(claimed)
        return held and not (wait is None and self._blocks_all(claimed))

    def _blocks_all(self, dead: Claimed) -> bool:
        """Return whether a dead letter blocks all later deliveries of the publisher."""
        return self._batch.on_poison is OnPoison.BLOCK and bool(dead.ordering_scope)

    def _release_untried(self) -> None:
        batch = self._batch
        if self._receipts.settled + self._failed < len(batch.deliveries):
            retry_on_disconnect(release, batch.publisher.alias, batch.lease_token, self._stopping)

    def _log(self) -> None:
        """Log what became of the batch: one line for up to BATCH_SIZE deliveries."""
        delivered, failed = self._receipts.settled, self._failed
        logger.info(
            "Publisher %s: %d delivered, %d failed, %d released in %.2f s.",
            self._batch.publisher.alias,
            delivered,
            failed,
            len(self._batch.deliveries) - delivered - failed,
            time.monotonic() - self._began_at,
            extra={"action": "batch_settled", "publisher": self._batch.publisher.alias},
        )
