"""The faults that the destination injects, drawn at random."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from random import Random

TIMEOUT = 0.3
"""Seconds that the publisher waits for a response."""


class ResponseKind(StrEnum):
    """The kind of a response."""

    OK = "200"
    ERROR = "500"
    TOO_MANY = "429"
    LATE = "timeout"
    """Sent after the publisher's timeout."""
    CUT = "cut"
    """The connection is closed before the response."""
    HALF = "half"
    """The connection is closed in the middle of the response."""


class EffectTiming(StrEnum):
    """When a request takes effect."""

    BEFORE = "before the response"
    AFTER = "after the timeout"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class PlannedResponse:
    """The planned response to a request."""

    kind: ResponseKind
    timing: EffectTiming


NORMAL_WEIGHTS = {
    ResponseKind.OK: 84,
    ResponseKind.ERROR: 6,
    ResponseKind.TOO_MANY: 3,
    ResponseKind.LATE: 1,
    ResponseKind.CUT: 4,
    ResponseKind.HALF: 2,
}
BURST_WEIGHTS = {
    ResponseKind.ERROR: 50,
    ResponseKind.TOO_MANY: 10,
    ResponseKind.LATE: 10,
    ResponseKind.CUT: 20,
    ResponseKind.HALF: 10,
}
"""Percentages of the response kinds; during a fault burst, no request succeeds."""

EFFECT_PROBABILITY = 0.5
"""Probability that a request with a failed response takes effect."""


class FaultInjector:
    """Plans the responses at random.

    Args:
        seed: seed of the random generator.
    """

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)
        self._lock = threading.Lock()
        self._burst_until = 0.0

    def start_burst(self, seconds: float) -> None:
        """Start a fault burst, during which every request fails."""
        with self._lock:
            self._burst_until = time.monotonic() + seconds

    def next_response(self) -> PlannedResponse:
        """Return the planned response to the next request."""
        with self._lock:
            weights = BURST_WEIGHTS if time.monotonic() < self._burst_until else NORMAL_WEIGHTS
            (kind,) = self._random.choices(list(weights), list(weights.values()))
            return PlannedResponse(kind, self._timing(kind))

    def retry_after(self) -> str:
        """Return a Retry-After header, in seconds."""
        with self._lock:
            return f"{self._random.uniform(0.01, 0.2):.2f}"

    def _timing(self, kind: ResponseKind) -> EffectTiming:
        if kind is ResponseKind.OK:
            return EffectTiming.BEFORE
        if self._random.random() >= EFFECT_PROBABILITY:
            return EffectTiming.NEVER
        if kind is ResponseKind.LATE and self._random.random() < EFFECT_PROBABILITY:
            return EffectTiming.AFTER
        return EffectTiming.BEFORE
