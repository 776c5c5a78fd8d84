"""The effects at the destination, stored outside of the relays and the database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from tests.chaos.faults import PlannedResponse, ResponseKind


class Effects:
    """Effects that are applied once per key, as in Stream and Airflow, with counters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receipts: dict[str, str] = {}
        self._contents: dict[str, str] = {}
        self._acknowledged: set[str] = set()
        self.changed: set[str] = set()
        """Keys that were sent again with different content."""
        self.repeats = 0
        """Repeated requests whose effect had been applied."""
        self.redundant = 0
        """Repeated requests whose receipt had been sent, so the relay lost it."""
        self.responses: Counter[str] = Counter()
        """Number of responses by kind and timing of the effect."""

    def __len__(self) -> int:
        return len(self._receipts)

    @property
    def receipts(self) -> Mapping[str, str]:
        """Key → receipt of each effect."""
        return MappingProxyType(self._receipts)

    def apply(self, key: str, content: str) -> str:
        """Apply the effect unless it has been applied, and return its receipt."""
        with self._lock:
            if key not in self._receipts:
                self._receipts[key] = f"effect-{len(self._receipts) + 1}"
                self._contents[key] = content
                return self._receipts[key]
            self.repeats += 1
            if self._contents[key] != content:
                self.changed.add(key)
            return self._receipts[key]

    def record(self, key: str, planned: PlannedResponse) -> None:
        """Count a request before the response is sent."""
        with self._lock:
            self.responses[f"{planned.kind}, effect {planned.timing}"] += 1
            self.redundant += key in self._acknowledged
            if planned.kind is ResponseKind.OK:
                self._acknowledged.add(key)
