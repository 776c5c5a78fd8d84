"""What became of each event as far as the one who wrote it knows."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class Fate(StrEnum):
    """How the transaction of an event ended."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    """On purpose."""
    ABORTED = "aborted"
    """By trouble with the database, before it was told to commit."""
    IN_DOUBT = "in doubt"
    """The database was told to commit and has not answered: only it knows."""


class Ledger:
    """Written by all writers, read in the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fates: dict[str, Fate] = {}
        self.committed = 0
        """How many are known to be committed."""

    @property
    def fates(self) -> Mapping[str, Fate]:
        """Event id → fate."""
        return MappingProxyType(self._fates)

    def note(self, events: Iterable[UUID], fate: Fate) -> None:
        """Write down how it ended."""
        with self._lock:
            for event in events:
                self._fates[str(event)] = fate
                self.committed += fate is Fate.COMMITTED
