"""What the destination does to a request, drawn by lot."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from random import Random

TIMEOUT = 0.3
"""Seconds that the publisher waits for an answer."""


class Kind(StrEnum):
    """How a request is answered."""

    OK = "200"
    ERROR = "500"
    TOO_MANY = "429"
    LATE = "timeout"
    """Later than the publisher waits."""
    CUT = "cut"
    """The connection is cut before the answer."""
    HALF = "half"
    """The connection is cut in the middle of the answer."""


class Work(StrEnum):
    """When the request takes effect."""

    BEFORE = "before the answer"
    AFTER = "when nobody listens any more"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one request."""

    kind: Kind
    work: Work


CALM = {Kind.OK: 84, Kind.ERROR: 6, Kind.TOO_MANY: 3, Kind.LATE: 1, Kind.CUT: 4, Kind.HALF: 2}
SQUALL = {Kind.ERROR: 50, Kind.TOO_MANY: 10, Kind.LATE: 10, Kind.CUT: 20, Kind.HALF: 10}
"""How often each comes, of a hundred; in a squall nothing gets through."""

DONE_ALL_THE_SAME = 0.5
"""How likely a request that is not answered well takes effect."""


class Weather:
    """Draws the answers.

    Args:
        seed: of the lots.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed}:weather")
        self._lock = threading.Lock()
        self._bad_until = 0.0

    def squall(self, seconds: float) -> None:
        """Let nothing through for so long."""
        with self._lock:
            self._bad_until = time.monotonic() + seconds

    def draw(self) -> Answer:
        """Return what is to become of the next request."""
        with self._lock:
            weights = SQUALL if time.monotonic() < self._bad_until else CALM
            (kind,) = self._random.choices(list(weights), list(weights.values()))
            return Answer(kind, self._work(kind))

    def retry_after(self) -> str:
        """Return a Retry-After header, in seconds."""
        with self._lock:
            return f"{self._random.uniform(0.01, 0.2):.2f}"

    def _work(self, kind: Kind) -> Work:
        if kind is Kind.OK:
            return Work.BEFORE
        if self._random.random() >= DONE_ALL_THE_SAME:
            return Work.NEVER
        if kind is Kind.LATE and self._random.random() < DONE_ALL_THE_SAME:
            return Work.AFTER
        return Work.BEFORE
