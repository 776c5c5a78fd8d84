"""Count what was done in this process, and tell when it is enough."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """How many jobs this process has done since it was begun."""

    jobs: int = 0
    limit: int | None = None
    """After how many `enough` is called; None for never."""

    enough: Callable[[], None] | None = None
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the limit is reached."""

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, limit: int | None = None, enough: Callable[[], None] | None = None) -> None:
        """Count afresh."""
        self.jobs, self.limit, self.enough = 0, limit, enough
        self.over.clear()

    def add(self) -> None:
        """Count one job; call `enough` when the limit is reached."""
        with self._lock:
            self.jobs += 1
            is_enough = self.jobs == self.limit
        if is_enough and self.enough:
            self.over.set()
            self.enough()


tally = Tally()
"""That of this process: each contender does its jobs in a process of its own."""
