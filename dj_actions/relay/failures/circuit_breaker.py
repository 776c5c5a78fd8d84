"""The circuit breaker of a publisher: stops attempts while its destination fails.

All relays share it through the database: no claim returns deliveries of a publisher whose
breaker is open.
"""

from __future__ import annotations

import logging
import time
from uuid import UUID

from dj_actions.database import retry_on_disconnect
from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
    error_message,
)
from dj_actions.messages import Receipt
from dj_actions.models import PublisherState
from dj_actions.policies import clamp_wait
from dj_actions.relay.failures.error_backoff import backoff_seconds
from dj_actions.relay.failures.outages import is_outage
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning
from dj_actions.signals import publisher_recovered
from dj_actions.text import sanitize

logger = logging.getLogger(__name__)

MAX_REASON_LENGTH = 2000
"""Characters of the reason that are stored."""


class CircuitBreaker:
    """Closed: deliveries flow. Open: no attempts. Half-open: one message may probe.

    Args:
        publisher: its alias.
        tuning: when it opens, and how long it waits for a probe.
    """

    def __init__(self, publisher: str, tuning: RelayTuning = DEFAULT_TUNING) -> None:
        self._publisher = publisher
        self._tuning = tuning
        self._failures = 0
        self._probes = 0
        self._open_until: float | None = None
        self._failed_events: set[UUID] = set()
        self._is_probing = False

    @property
    def is_closed(self) -> bool:
        """Whether deliveries flow, according to what this relay has read or recorded last."""
        return self._open_until is None

    @property
    def is_open(self) -> bool:
        """Whether no attempt is allowed now; if it is neither closed nor open, it is half-open."""
        return self.remaining() > 0

    def remaining(self) -> float:
        """Return the seconds until an attempt is allowed; zero if it is allowed now."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - time.monotonic())

    def refresh(self) -> None:
        """Read the state that other relays may have changed."""
        known = PublisherState.objects.find(self._publisher)
        self._failures = known.failures if known else 0
        self._probes = known.probes if known else 0
        self._open_until = None
        if known and known.open_until:
            left = (known.open_until - known.read_at).total_seconds()
            self._open_until = time.monotonic() + left

    def take_probe(self, *, seconds: float) -> bool:
        """Reserve the probe for this relay; return False if another relay has it.

        Args:
            seconds: how long the reservation lasts if this relay is killed.
        """
        self._is_probing = PublisherState.objects.take_probe(self._publisher, seconds=seconds)
        return self._is_probing

    def return_probe(self) -> None:
        """Return an unused probe: there was no message to send."""
        self._is_probing = False
        PublisherState.objects.return_probe(self._publisher)

    def record(self, outcome: Receipt | BaseException, event_id: UUID) -> None:
        """Open, close or count, according to the outcome of one attempt.

        Args:
            outcome: the receipt, or the error that the publisher raised.
            event_id: the event that was sent.
        """
        if isinstance(outcome, Receipt):
            self._close()
        elif isinstance(outcome, PublisherMisconfigured):
            self._open(self._next_wait(), outcome)
        elif isinstance(outcome, RateLimited):
            self._open(self._rate_limit_wait(outcome), outcome)
        elif isinstance(outcome, PublisherUnavailable) and is_outage(outcome):
            self._count(event_id)
            has_failed = self._failures >= self._tuning.failures_to_open or not self.is_closed
            if has_failed or outcome.retry_after:
                self._open(self._outage_wait(outcome), outcome)
        elif isinstance(outcome, PublishError):
            # The destination has responded, so it is up, even if it rejects the message.
            self._close()
        elif not self.is_closed:
            self._open(self._next_wait(), outcome)

    def _count(self, event_id: UUID) -> None:
        """Count a failed message once: its retries say nothing new about the destination."""
        if event_id not in self._failed_events:
            self._failed_events.add(event_id)
            self._failures = retry_on_disconnect(
                PublisherState.objects.count_failure, self._publisher
            )

    def _next_wait(self) -> float:
        return backoff_seconds(self._tuning.probe_wait, failures=self._probes + 1)

    def _rate_limit_wait(self, error: RateLimited) -> float:
        """Return the wait that a destination requests, within limits.

        At most an hour, so that a nonsensical response does not silence the publisher. If probes
        are refused one after another, at least as long as after any other failure.
        """
        if error.retry_after is None:
            return self._next_wait()
        requested = self._requested_wait(error.retry_after)
        return max(requested, self._next_wait()) if self._probes else requested

    def _outage_wait(self, error: PublisherUnavailable) -> float:
        """Return the wait for the next probe, longer if the destination says so."""
        return max(self._next_wait(), self._requested_wait(error.retry_after or 0.0))

    def _requested_wait(self, seconds: float) -> float:
        return min(clamp_wait(seconds), self._tuning.max_retry_after)

    def _open(self, seconds: float, error: BaseException) -> None:
        reason = error_message(error)
        self._probes += 1
        self._open_until = time.monotonic() + seconds
        retry_on_disconnect(
            PublisherState.objects.open_breaker,
            self._publisher,
            seconds=seconds,
            reason=sanitize(reason, MAX_REASON_LENGTH),
            probing=self._is_probing,
        )
        self._is_probing = False
        logger.warning(
            "Publisher %s: circuit breaker opened for %.1f s. %s",
            self._publisher,
            seconds,
            reason,
            extra={"action": "breaker_opened", "publisher": self._publisher},
        )

    def _close(self) -> None:
        if self.is_closed and not self._failures:
            return
        self._failures = self._probes = 0
        self._open_until = None
        self._is_probing = False
        self._failed_events.clear()
        if retry_on_disconnect(PublisherState.objects.close_breaker, self._publisher):
            logger.info(
                "Publisher %s: circuit breaker closed.",
                self._publisher,
                extra={"action": "breaker_closed", "publisher": self._publisher},
            )
            publisher_recovered.send_robust(sender=PublisherState, publisher=self._publisher)
