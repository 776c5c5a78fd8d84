"""The size of a measurement, and the conditions of a variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.drain.candidates import (
    DJ_ACTIONS,
    DJANGO_TASKS,
    LIMIT,
    PROCRASTINATE,
    RELIABLE_OUTBOX,
)
from benchmarks.errors import BenchmarkError
from benchmarks.options import Options

WARM_UP = 100
"""Jobs of each process before it is timed."""

MIN_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The size of a measurement."""

    rounds: int
    jobs: Mapping[str, int]
    """Name of a candidate → jobs per round; slow candidates get fewer, as rates are compared."""


FULL = Workload(
    rounds=5,
    jobs={
        LIMIT.name: 50_000,
        DJ_ACTIONS.name: 50_000,
        RELIABLE_OUTBOX.name: 10_000,
        PROCRASTINATE.name: 4_000,
        DJANGO_TASKS.name: 1_000,
    },
)
QUICK = Workload(
    rounds=3,
    jobs={
        LIMIT.name: 30_000,
        DJ_ACTIONS.name: 30_000,
        RELIABLE_OUTBOX.name: 2_000,
        PROCRASTINATE.name: 1_000,
        DJANGO_TASKS.name: 300,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Conditions under which DJ Actions drains its backlog."""

    pending: int = 0
    """Pending deliveries at the start, of which only a part is measured; 0 for just that part."""

    settled: int = 0
    """Delivered deliveries in the table."""

    held_snapshot: bool = False
    """Whether another session holds a snapshot during the measurement."""

    relays: int = 1
    """Number of processes that share the work."""

    lanes: int = 1
    """Lanes per process: the publisher's CONCURRENCY."""

    sleeping_neighbor: bool = False
    """Whether the relay also serves a publisher that sleeps for a second per call."""

    keys: int = 0
    """Ordering keys of the deliveries; 0: the publisher keeps no order."""

    parked: int = 0
    """Dead letters, each of which blocks a delivery that is due, and the first in the queue."""

    waiting: int = 0
    """Deliveries to be retried later, each of which blocks one that is due."""

    @property
    def is_default(self) -> bool:
        """Whether all conditions are the default."""
        return self == Variant()

    @property
    def keeps_rows(self) -> bool:
        """Whether the rows are too many to recreate in each round."""
        return bool(self.pending or self.settled)

    def __str__(self) -> str:
        return self.describe()

    def describe(self, *, lanes: str = "lanes") -> str:
        """Return the conditions that differ from the default, as text.

        Args:
            lanes: the candidate's word for lanes.
        """
        parts = [
            f"{self.pending:,} pending" if self.pending else "",
            f"{self.settled:,} settled" if self.settled else "",
            "a held snapshot" if self.held_snapshot else "",
            f"{self.relays} relays" if self.relays > 1 else "",
            f"{self.lanes} {lanes}" if self.lanes > 1 else "",
            "a sleeping neighbor" if self.sleeping_neighbor else "",
            f"in order of {self.keys:,} keys" if self.keys > 1 else "",
            "in order of one key" if self.keys == 1 else "",
            f"{self.parked:,} parked" if self.parked else "",
            f"{self.waiting:,} waiting" if self.waiting else "",
        ]
        return ", ".join(filter(None, parts))


def workload_from(options: Options) -> Workload:
    """Return the workload for the options.

    Raises:
        BenchmarkError: the options specify too few rounds or jobs.
    """
    default = QUICK if options.quick else FULL
    rounds = default.rounds if options.rounds is None else options.rounds
    if rounds < MIN_ROUNDS:
        raise BenchmarkError(f"A result needs at least {MIN_ROUNDS} rounds, not {rounds}.")
    if options.jobs is None:
        return Workload(rounds=rounds, jobs=default.jobs)
    if options.jobs < 1:
        raise BenchmarkError(f"--jobs is {options.jobs}; expected at least 1.")
    fast = {LIMIT.name: options.jobs, DJ_ACTIONS.name: options.jobs}
    slow = {name: min(jobs, options.jobs) for name, jobs in default.jobs.items()}
    return Workload(rounds=rounds, jobs=slow | fast)


def variant_from(options: Options, workload: Workload) -> Variant:
    """Return the conditions for the options.

    Raises:
        BenchmarkError: the conditions do not match the number of jobs.
    """
    variant = Variant(
        pending=options.pending,
        settled=options.settled,
        held_snapshot=options.held_snapshot,
        relays=options.relays,
        lanes=options.lanes,
        sleeping_neighbor=options.sleeping_neighbor,
        keys=options.keys,
        parked=options.parked,
        waiting=options.waiting,
    )
    if min(variant.relays, variant.lanes) < 1 or variant.pending < 0 or variant.settled < 0:
        raise BenchmarkError(f"Invalid numbers: {variant!r}.")
    if (variant.parked or variant.waiting) and not variant.keys:
        raise BenchmarkError("--parked and --waiting need --keys: they block by ordering key.")
    if 0 < variant.pending < workload.jobs[DJ_ACTIONS.name]:
        raise BenchmarkError(
            f"Of {variant.pending} pending deliveries, {workload.jobs[DJ_ACTIONS.name]} cannot be "
            "drained: increase --pending or decrease --jobs."
        )
    return variant
