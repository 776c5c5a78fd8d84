"""Do something now and then."""

from __future__ import annotations

import time
from collections.abc import Callable


class Periodically:
    """Does something at most once in an interval, when it is asked to.

    Args:
        interval: seconds.
        work: what is done.
    """

    def __init__(self, interval: float, work: Callable[[], object]) -> None:
        self.interval = interval
        self._work = work
        self._due_at = 0.0

    def now_and_then(self) -> None:
        """Do it, unless it was done a moment ago."""
        if time.monotonic() >= self._due_at:
            # First, so that what fails each time does not keep all else waiting.
            self._due_at = time.monotonic() + self.interval
            self._work()
