"""Count the jobs done in this process, up to a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class JobCounter:
    """A thread-safe counter of the jobs done since `start()`."""

    jobs: int = 0
    first_at: float | None = None
    """When the first job was counted, by `time.monotonic()`; None if there was none."""

    limit: int | None = None
    """Number of jobs at which `on_limit` is called; None for no limit."""

    on_limit: Callable[[], None] | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    """Set when the limit is reached."""

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, limit: int | None = None, on_limit: Callable[[], None] | None = None) -> None:
        """Start counting from zero."""
        self.jobs, self.limit, self.on_limit = 0, limit, on_limit
        self.first_at = None
        self.finished.clear()

    def increment(self, count: int = 1) -> None:
        """Count jobs; call `on_limit` when the limit is reached."""
        with self._lock:
            if self.first_at is None:
                self.first_at = time.monotonic()
            self.jobs += count
            is_limit = self.jobs == self.limit
        if is_limit and self.on_limit:
            self.finished.set()
            self.on_limit()


counter = JobCounter()
"""The counter of this process; each candidate runs in its own process."""
