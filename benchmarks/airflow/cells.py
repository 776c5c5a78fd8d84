"""What is measured: with how many lanes, how long and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import BenchmarkError
from benchmarks.options import Options

WARM_UP_SECONDS = 7.0
"""Seconds of each turn that do not count: threads start, connect and get a token, and the tracker
does so after TRACK_INTERVAL, 5 seconds."""

MAX_RATE = 200
"""More runs per second than one Airflow triggers."""

CLAIMED_AHEAD = 100
"""More deliveries than a lane holds, so that none has nothing to claim."""

MIN_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One line of the table."""

    concurrency: int | None
    """CONCURRENCY of the publisher; None for its default."""

    lanes: int
    """How many lanes that makes, and how many threads the other client has."""

    def __str__(self) -> str:
        return "default" if self.concurrency is None else str(self.concurrency)


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

    @property
    def messages(self) -> int:
        """More deliveries than a turn can send."""
        widest = max(cell.lanes for cell in self.cells)
        return round(MAX_RATE * self.turn_seconds) + CLAIMED_AHEAD * widest


def plan_from(options: Options, default_lanes: int) -> Plan:
    """Return the plan for the options.

    Args:
        options: of the command line.
        default_lanes: lanes of the publisher with default settings.

    Raises:
        BenchmarkError: there are too few rounds.
    """
    rounds = options.rounds or (3 if options.quick else 6)
    if rounds < MIN_ROUNDS:
        raise BenchmarkError(f"A result needs at least {MIN_ROUNDS} rounds, not {rounds}.")
    return Plan(
        rounds=rounds,
        seconds=options.seconds or (5 if options.quick else 10),
        cells=[
            Cell(concurrency=None, lanes=default_lanes),
            *(Cell(concurrency=lanes, lanes=lanes) for lanes in options.concurrency),
        ],
    )
