"""Count the jobs done in this process, up to a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class JobCounter:
    """A thread-safe counter of the jobs done since `start()`."""

    jobs: int = 0
    limit: int | None = None
    """Number of jobs at which `on_limit` is called; None for no limit."""

    on_limit: Callable[[], None] | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    """Set when the limit is reached."""

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, limit: int | None = None, on_limit: Callable[[], None] | None = None) -> None:
        """Start counting from zero."""
        self.jobs, self.limit, self.on_limit = 0, limit, on_limit
        self.finished.clear()

    def increment(self) -> None:
        """Count one job; call `on_limit` when the limit is reached."""
        with self._lock:
            self.jobs += 1
            is_limit = self.jobs == self.limit
        if is_limit and self.on_limit:
            self.finished.set()
            self.on_limit()


counter = JobCounter()
"""The counter of this process; each candidate runs in its own process."""
