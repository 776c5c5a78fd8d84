"""How many deliveries a lane claims at once."""

from __future__ import annotations

from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning


class BatchSize:
    """Grows while batches are full and quick, and shrinks when they become slow.

    A large batch spreads the cost of a claim over many deliveries. It must not last long: what a
    relay has claimed is out of reach for the others until it is settled or released.

    Args:
        maximum: the largest size, BATCH_SIZE of the publisher.
        tuning: the initial and the smallest size, and how long a batch may last.
        minimum: the smallest size that the publisher needs, if that is more: one that sends
            several messages in one request would need as many requests for fewer messages.
    """

    def __init__(
        self, maximum: int, tuning: RelayTuning = DEFAULT_TUNING, *, minimum: int = 1
    ) -> None:
        self._minimum = min(maximum, max(minimum, tuning.min_batch_size))
        self._maximum = maximum
        self._max_seconds = tuning.max_batch_seconds
        self.current = min(maximum, max(minimum, tuning.initial_batch_size))
        """The size of the next batch."""

    def record(self, deliveries: int, *, seconds: float) -> None:
        """Adapt the size to a batch.

        Args:
            deliveries: how many it had.
            seconds: how long it took to deliver them.
        """
        if seconds > self._max_seconds:
            self.current = max(self._minimum, self.current // 2)
        elif deliveries >= self.current and seconds < self._max_seconds / 2:
            self.current = min(self._maximum, self.current * 2)
