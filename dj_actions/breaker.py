"""The circuit breaker of one lane: stops attempts while a destination is in trouble."""

from __future__ import annotations

import logging
import time

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
)
from dj_actions.messages import Receipt
from dj_actions.retry import clamp_wait

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 3
"""Messages in a row that must find the destination in trouble: one alone may be to blame."""

FIRST_WAIT = 1.0
"""Seconds before the first probe; each probe that fails doubles it."""

LONGEST_WAIT = 30.0
"""Seconds between two probes, unless the destination asked for more: so long after a repair
all flows again."""


class Breaker:
    """Closed: all flows. Open: nothing is attempted. Half open: one message may probe."""

    def __init__(self, publisher: str) -> None:
        self._publisher = publisher
        self._failures = 0
        self._probes = 0
        self._open_until: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether all flows."""
        return self._open_until is None

    def remaining(self) -> float:
        """Return the seconds until an attempt is allowed; zero if it is now."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - time.monotonic())

    def record(self, outcome: object) -> None:
        """Learn from one outcome: a receipt, or the error that was raised."""
        if isinstance(outcome, PublisherMisconfigured):
            self._open(self._next_wait(), str(outcome))
        elif isinstance(outcome, RateLimited):
            asked = outcome.retry_after
            self._open(self._next_wait() if asked is None else clamp_wait(asked), str(outcome))
        elif _is_trouble(outcome):
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN or not self.is_closed:
                self._open(self._next_wait(), str(outcome))
        elif isinstance(outcome, (Receipt, PublishError)):
            # It has answered, whatever it thinks of the message.
            self._close()
        elif not self.is_closed:
            self._open(self._next_wait(), str(outcome))

    def _next_wait(self) -> float:
        # Bounded: two to the thousandth would overflow a float long before an outage ends.
        return min(FIRST_WAIT * float(2 ** min(self._probes, 10)), LONGEST_WAIT)

    def _open(self, seconds: float, reason: str) -> None:
        self._probes += 1
        self._open_until = time.monotonic() + seconds
        logger.warning(
            "Publisher %s: nothing is sent for %.1f s. %s",
            self._publisher,
            seconds,
            reason,
            extra={"action": "breaker_opened", "publisher": self._publisher},
        )

    def _close(self) -> None:
        if not self.is_closed:
            logger.info(
                "Publisher %s: works again.",
                self._publisher,
                extra={"action": "breaker_closed", "publisher": self._publisher},
            )
        self._failures = self._probes = 0
        self._open_until = None


def _is_trouble(outcome: object) -> bool:
    """Tell whether the destination, not the message, seems to be at fault.

    An error that no publisher has translated says nothing about the destination: it is
    retried with its own message alone.
    """
    return isinstance(outcome, PublisherUnavailable) and not isinstance(
        outcome, DestinationNotFound
    )
