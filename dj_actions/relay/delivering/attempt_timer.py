"""Measure the attempts of a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dj_actions.outbox.attempts import Timing
from dj_actions.outbox.claimed import Claimed
from dj_actions.publishers import BasePublisher

SAME_REQUEST = 1000
"""Microseconds. The outcome of a message that was sent in one request with others follows theirs
faster; that of a request of its own does not."""


class AttemptTimer:
    """Measures how long a publisher takes for each message, in the order of its outcomes.

    An attempt begins with the previous outcome, or when the relay says so; messages that were
    sent in one request have the time of that request. Times are by the database's clock: they
    count from the claim.

    Args:
        deliveries: those of one claim.
        publisher: the one that sends; one with a `min_batch_size` sends many in one request.
    """

    def __init__(self, deliveries: Sequence[Claimed], publisher: BasePublisher) -> None:
        self._began = time.monotonic_ns() // 1000
        # From this process's clock to the database's.
        self._offset = deliveries[0].claimed_microseconds - self._began
        self._sends_many = publisher.min_batch_size > 1
        self._started = self._took = 0

    def begin(self) -> None:
        """Let the next attempt begin now: the relay did something else."""
        self._began = time.monotonic_ns() // 1000

    def end(self) -> Timing:
        """Return the time that the next outcome took; the attempt after it begins."""
        now = time.monotonic_ns() // 1000
        took = now - self._began
        if not (self._sends_many and took < SAME_REQUEST and self._took):
            self._started = self._began + self._offset
            self._took = took
        self._began = now
        return self._started, self._took
