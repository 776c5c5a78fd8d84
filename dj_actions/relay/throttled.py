"""Work that must not run too often."""

from __future__ import annotations

import time
from collections.abc import Callable


class Throttled:
    """Runs work at most once per interval.

    Args:
        interval: seconds.
        work: the function to call.
    """

    def __init__(self, interval: float, work: Callable[[], object]) -> None:
        self.interval = interval
        self._work = work
        self._due_at = 0.0

    def expire(self) -> None:
        """Run the work the next time, even if it ran a moment ago."""
        self._due_at = 0.0

    def run_if_due(self) -> None:
        """Run the work, unless it ran less than an interval ago."""
        if time.monotonic() >= self._due_at:
            # Set first, so that work that fails each time does not block everything else.
            self._due_at = time.monotonic() + self.interval
            self._work()
