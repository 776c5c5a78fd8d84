"""What is measured: how long the destination takes to respond, and how many threads send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import BenchmarkError
from benchmarks.options import Options

WARM_UP_SECONDS = 1.0
"""Seconds of each turn that do not count: threads start, and connect."""

MAX_RATE = 20_000
"""More messages per second than one Python process can send."""

CLAIMED_AHEAD = 100
"""More deliveries than a lane of a slow destination holds, so that none has nothing to claim."""

MIN_ROUNDS = 2

DELAYS = (0.0, 5.0, 50.0)
CONCURRENCY = (1, 4, 16)
QUICK_CONCURRENCY = (4,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One line of the table."""

    milliseconds: float
    """How long the destination takes to respond."""

    concurrency: int
    """Threads of the pool, and CONCURRENCY of the publisher."""

    @property
    def path(self) -> str:
        """The path of the destination that takes this long."""
        return f"/{self.milliseconds:g}"

    def __str__(self) -> str:
        return f"{self.milliseconds:g} ms, {self.concurrency} at a time"

    def messages_in(self, seconds: float) -> int:
        """Return more messages than can be sent in a number of seconds."""
        limit = self.concurrency * 1000 / self.milliseconds if self.milliseconds else MAX_RATE
        return round(min(limit, MAX_RATE) * seconds) + self.concurrency * CLAIMED_AHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The size of the measurement."""

    rounds: int
    seconds: float
    """Seconds of a turn that count."""

    cells: Sequence[Cell]

    @property
    def turn_seconds(self) -> float:
        """Seconds of a turn, with its warm-up."""
        return WARM_UP_SECONDS + self.seconds


def cells_of(delays: Sequence[float], concurrency: Sequence[int]) -> list[Cell]:
    """Return a cell for each delay in milliseconds with each number of threads."""
    return [
        Cell(milliseconds=milliseconds, concurrency=threads)
        for milliseconds in delays
        for threads in concurrency
    ]


def plan_from(options: Options) -> Plan:
    """Return the plan for the options.

    Raises:
        BenchmarkError: there are too few rounds.
    """
    rounds = options.rounds
    if rounds is None:
        rounds = 2 if options.quick else 5
    if rounds < MIN_ROUNDS:
        raise BenchmarkError(f"A result needs at least {MIN_ROUNDS} rounds, not {rounds}.")
    concurrency = options.concurrency or (QUICK_CONCURRENCY if options.quick else CONCURRENCY)
    return Plan(
        rounds=rounds,
        seconds=options.seconds or (1 if options.quick else 3),
        cells=cells_of(options.delays or DELAYS, concurrency),
    )
