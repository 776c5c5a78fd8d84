"""How much is measured, and under which circumstances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.drain.contenders import DJ_ACTIONS, DJANGO_TASKS, LIMIT, PROCRASTINATE
from benchmarks.errors import NoFigure
from benchmarks.options import Options

WARM_UP = 100
"""Jobs each process does before it is timed."""

FEWEST_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    rounds: int
    jobs: Mapping[str, int]
    """Name of a contender → jobs in one round: fewer for the slow, rates are jobs a second."""


THOROUGH = Effort(
    rounds=5,
    jobs={
        LIMIT.name: 50_000,
        DJ_ACTIONS.name: 50_000,
        PROCRASTINATE.name: 4_000,
        DJANGO_TASKS.name: 1_000,
    },
)
QUICK = Effort(
    rounds=2,
    jobs={
        LIMIT.name: 10_000,
        DJ_ACTIONS.name: 5_000,
        PROCRASTINATE.name: 300,
        DJANGO_TASKS.name: 100,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Circumstances under which DJ Actions empties its backlog; the plain ones by default."""

    pending: int = 0
    """How many are due when it begins, of which only a part is measured; 0 for just that part."""

    settled: int = 0
    """How many delivered ones are in the table already."""

    held_snapshot: bool = False
    """Whether another session holds a snapshot all the while."""

    relays: int = 1
    """How many processes share the work."""

    lanes: int = 1
    """How many lanes each of them has: the publisher's CONCURRENCY."""

    sleeping_neighbour: bool = False
    """Whether the relay also serves a publisher that sleeps for a second in each call."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing is out of the ordinary."""
        return self == Variant()

    @property
    def keeps_rows(self) -> bool:
        """Whether the rows are too many to be made anew in each round."""
        return bool(self.pending or self.settled)

    def __str__(self) -> str:
        parts = [
            f"{self.pending:,} pending" if self.pending else "",
            f"{self.settled:,} settled" if self.settled else "",
            "a held snapshot" if self.held_snapshot else "",
            f"{self.relays} relays" if self.relays > 1 else "",
            f"{self.lanes} lanes" if self.lanes > 1 else "",
            "a neighbour that sleeps" if self.sleeping_neighbour else "",
        ]
        return ", ".join(filter(None, parts))


def effort_of(options: Options) -> Effort:
    """Return what the options ask for.

    Raises:
        NoFigure: there are too few rounds or jobs.
    """
    usual = QUICK if options.quick else THOROUGH
    rounds = usual.rounds if options.rounds is None else options.rounds
    if rounds < FEWEST_ROUNDS:
        raise NoFigure(f"A figure needs at least {FEWEST_ROUNDS} rounds, not {rounds}.")
    if options.jobs is None:
        return Effort(rounds=rounds, jobs=usual.jobs)
    if options.jobs < 1:
        raise NoFigure(f"There must be something to do: --jobs is {options.jobs}.")
    fast = {LIMIT.name: options.jobs, DJ_ACTIONS.name: options.jobs}
    slow = {name: min(jobs, options.jobs) for name, jobs in usual.jobs.items()}
    return Effort(rounds=rounds, jobs=slow | fast)


def variant_of(options: Options, effort: Effort) -> Variant:
    """Return the circumstances that the options ask for.

    Raises:
        NoFigure: they do not go together with the number of jobs.
    """
    variant = Variant(
        pending=options.pending,
        settled=options.settled,
        held_snapshot=options.held_snapshot,
        relays=options.relays,
        lanes=options.lanes,
        sleeping_neighbour=options.sleeping_neighbour,
    )
    if min(variant.relays, variant.lanes) < 1 or variant.pending < 0 or variant.settled < 0:
        raise NoFigure(f"There is no such thing as this: {variant}.")
    if 0 < variant.pending < effort.jobs[DJ_ACTIONS.name]:
        raise NoFigure(
            f"Of {variant.pending} pending deliveries, {effort.jobs[DJ_ACTIONS.name]} cannot be "
            "measured: raise --pending or lower --jobs."
        )
    return variant
