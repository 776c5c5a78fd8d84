"""The circuit breaker of a publisher: stops attempts while its destination is in trouble.

All relays share it: what one learns is written to the database, which hands out nothing of a
publisher whose breaker is open.
"""

from __future__ import annotations

import logging
import time
from uuid import UUID

from dj_actions.database import retry_on_disconnect
from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
    text_of,
)
from dj_actions.messages import Receipt
from dj_actions.models import PublisherState
from dj_actions.policies import clamp_wait
from dj_actions.signals import publisher_recovered
from dj_actions.text import sanitize

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 3
"""Messages in a row that must find the destination in trouble: one alone may be to blame."""

FIRST_WAIT = 1.0
"""Seconds before the first probe; each probe that fails doubles it."""

LONGEST_WAIT = 30.0
"""Seconds between two probes, unless the destination asked for more: so long after a repair
all flows again."""

LONGEST_ASKED = 3600.0
"""Seconds for which a destination may ask not to be disturbed; then it is asked again."""

REASON_LENGTH = 2000


class Breaker:
    """Closed: all flows. Open: nothing is attempted. Half open: one message may probe.

    Args:
        publisher: its alias.
    """

    def __init__(self, publisher: str) -> None:
        self._publisher = publisher
        self._failures = 0
        self._probes = 0
        self._open_until: float | None = None
        self._in_trouble: set[UUID] = set()
        self._is_probing = False

    @property
    def is_closed(self) -> bool:
        """Whether all flows, as far as is known here."""
        return self._open_until is None

    def remaining(self) -> float:
        """Return the seconds until an attempt is allowed; zero if it is now."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - time.monotonic())

    def refresh(self) -> None:
        """Learn what other relays have said."""
        known = PublisherState.objects.find(self._publisher)
        self._failures = known.failures if known else 0
        self._probes = known.probes if known else 0
        self._open_until = None
        if known and known.open_until:
            left = (known.open_until - known.read_at).total_seconds()
            self._open_until = time.monotonic() + left

    def take_probe(self, *, seconds: float) -> bool:
        """Take the right to try one message; of all relays one gets it.

        Args:
            seconds: how long, should this relay be killed, before another may try.
        """
        self._is_probing = PublisherState.objects.take_probe(self._publisher, seconds=seconds)
        return self._is_probing

    def return_probe(self) -> None:
        """Let others probe: there was nothing to try."""
        self._is_probing = False
        PublisherState.objects.return_probe(self._publisher)

    def record(self, outcome: Receipt | BaseException, about: UUID) -> None:
        """Learn from one outcome: a receipt, or the error that was raised.

        Args:
            about: id of the event that was tried.
        """
        if isinstance(outcome, Receipt):
            self._close()
        elif isinstance(outcome, PublisherMisconfigured):
            self._open(self._next_wait(), outcome)
        elif isinstance(outcome, RateLimited):
            self._open(self._wait_asked_for(outcome), outcome)
        elif _is_trouble(outcome):
            self._count(about)
            if self._failures >= FAILURES_TO_OPEN or not self.is_closed:
                self._open(self._next_wait(), outcome)
        elif isinstance(outcome, PublishError):
            # It has answered, whatever it thinks of the message.
            self._close()
        elif not self.is_closed:
            self._open(self._next_wait(), outcome)

    def _count(self, about: UUID) -> None:
        """Count a message in trouble, once: one that fails again says nothing new."""
        if about not in self._in_trouble:
            self._in_trouble.add(about)
            self._failures = retry_on_disconnect(
                PublisherState.objects.count_failure, self._publisher
            )

    def _next_wait(self) -> float:
        # Bounded: two to the thousandth would overflow a float long before an outage ends.
        return min(FIRST_WAIT * float(2 ** min(self._probes, 10)), LONGEST_WAIT)

    def _wait_asked_for(self, error: RateLimited) -> float:
        """Return the wait that a destination wants, as far as it makes sense.

        Never more than an hour: a nonsensical answer would silence the publisher. And where one
        probe after the other is refused, not less than after any other failure.
        """
        if error.retry_after is None:
            return self._next_wait()
        asked = min(clamp_wait(error.retry_after), LONGEST_ASKED)
        return max(asked, self._next_wait()) if self._probes else asked

    def _open(self, seconds: float, error: BaseException) -> None:
        reason = text_of(error)
        self._probes += 1
        self._open_until = time.monotonic() + seconds
        retry_on_disconnect(
            PublisherState.objects.open_breaker,
            self._publisher,
            seconds=seconds,
            reason=sanitize(reason, REASON_LENGTH),
            probing=self._is_probing,
        )
        self._is_probing = False
        logger.warning(
            "Publisher %s: nothing is sent for %.1f s. %s",
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
        self._in_trouble.clear()
        if retry_on_disconnect(PublisherState.objects.close_breaker, self._publisher):
            logger.info(
                "Publisher %s: works again.",
                self._publisher,
                extra={"action": "breaker_closed", "publisher": self._publisher},
            )
            publisher_recovered.send_robust(sender=PublisherState, publisher=self._publisher)


def _is_trouble(outcome: BaseException) -> bool:
    """Tell whether the destination, not the message, seems to be at fault.

    An error that no publisher has translated says nothing about the destination: it is
    retried with its own message alone.
    """
    return isinstance(outcome, PublisherUnavailable) and not isinstance(
        outcome, DestinationNotFound
    )
