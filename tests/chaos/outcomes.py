"""The outcome of each transaction, as known by its writer."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class Outcome(StrEnum):
    """The outcome of an event's transaction."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    """Rolled back on purpose."""
    ABORTED = "aborted"
    """Rolled back by a database error before COMMIT."""
    IN_DOUBT = "in doubt"
    """COMMIT was sent without a response: only the database has the outcome."""


class OutcomeLog:
    """A thread-safe log of outcomes, written by all writers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: dict[str, Outcome] = {}
        self.committed = 0
        """Number of events that are known to be committed."""

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Event id → outcome."""
        return MappingProxyType(self._outcomes)

    def record(self, events: Iterable[UUID], outcome: Outcome) -> None:
        """Record the outcome of events."""
        with self._lock:
            for event in events:
                self._outcomes[str(event)] = outcome
                self.committed += outcome is Outcome.COMMITTED
