"""What the destination has done, kept where neither relays nor database can reach it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from tests.chaos.faults import Answer, Kind


class Effects:
    """Does each work once for its key, as Stream and Airflow do, and counts the rest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receipts: dict[str, str] = {}
        self._contents: dict[str, str] = {}
        self._acknowledged: set[str] = set()
        self.changed: set[str] = set()
        """Keys that came again with another content."""
        self.repeats = 0
        """Works that were asked for again and had been done."""
        self.needless = 0
        """Requests for works whose receipt had been sent: whoever asked has lost it."""
        self.answers: Counter[str] = Counter()
        """How often each answer was given, and when its work was done."""

    def __len__(self) -> int:
        return len(self._receipts)

    @property
    def receipts(self) -> Mapping[str, str]:
        """Key → receipt of each work that was done."""
        return MappingProxyType(self._receipts)

    def work(self, key: str, content: str) -> str:
        """Do it unless it has been done; return its receipt."""
        with self._lock:
            if key not in self._receipts:
                self._receipts[key] = f"effect-{len(self._receipts) + 1}"
                self._contents[key] = content
                return self._receipts[key]
            self.repeats += 1
            if self._contents[key] != content:
                self.changed.add(key)
            return self._receipts[key]

    def note(self, key: str, answer: Answer) -> None:
        """Count a request before it is answered."""
        with self._lock:
            self.answers[f"{answer.kind}, work {answer.work}"] += 1
            self.needless += key in self._acknowledged
            if answer.kind is Kind.OK:
                self._acknowledged.add(key)
