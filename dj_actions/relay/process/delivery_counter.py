"""Counts what the lanes of a relay deliver, for the pages of operators."""

from __future__ import annotations

import threading

from dj_actions.models import DeliveryCount
from dj_actions.outbox.queries import Counts


class DeliveryCounter:
    """Adds up what the lanes of a relay report, until it is written.

    It is written every few seconds: once for each batch would slow down the relay.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counts] = {}

    def add(self, publisher: str, counts: Counts) -> None:
        """Add the deliveries of a batch."""
        if any(counts):
            with self._lock:
                known = self._counts.get(publisher, Counts())
                self._counts[publisher] = Counts(*map(sum, zip(known, counts, strict=True)))

    def flush(self) -> None:
        """Write what was counted since the last time; if that fails, keep it."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            DeliveryCount.objects.add(counts)
        except BaseException:
            for publisher, uncounted in counts.items():
                self.add(publisher, uncounted)
            raise
