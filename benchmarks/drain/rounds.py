"""Let all contenders empty their backlogs in turn, each time in fresh processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any

from benchmarks.child import Child
from benchmarks.drain.backlog import Backlog
from benchmarks.drain.contenders import Contender
from benchmarks.drain.effort import WARM_UP, Effort, Variant
from benchmarks.options import Tell
from benchmarks.samples import rotated

PROCESS = "benchmarks.drain.process"

NEIGHBOURS = 1_000
"""Jobs of a neighbour that does one in a second: it is never done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one contender has done in one round."""

    jobs: int
    seconds: float
    """From the first of its processes that began until the last that ended."""

    peak_rss_mb: float
    """Of the process that took most memory."""

    shares: Sequence[int]
    """Jobs that each process has done."""

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return self.jobs / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One contender with its backlog."""

    contender: Contender
    backlog: Backlog
    jobs: int
    """In each round."""

    variant: Variant

    @property
    def name(self) -> str:
        """Name of the contender, and of its circumstances if there are any."""
        return self.contender.name if self.variant.is_plain else f"{self.contender.name} variant"

    @property
    def title(self) -> str:
        """What it is, for people."""
        return self.contender.title + ("" if self.variant.is_plain else f": {self.variant}")

    def prepare(self) -> None:
        """Make the rows that are there from the beginning."""
        self.backlog.load_finished(self.variant.settled)

    def run(self) -> Round:
        """Do one round.

        Raises:
            NoFigure: a process failed, or the rows do not account for what was done.
        """
        if self.variant.keeps_rows:
            self.backlog.tidy()
        else:
            self.backlog.empty()
        snapshot = self.backlog.held_snapshot() if self.variant.held_snapshot else nullcontext()
        with snapshot, ExitStack() as stack:
            self.backlog.load(WARM_UP * self.variant.relays)
            children = [stack.enter_context(self._child()) for _ in range(self.variant.relays)]
            self.backlog.check(sum(child.hear()["jobs"] for child in children))
            self.backlog.load(self._missing())
            if self.variant.sleeping_neighbour:
                self.backlog.load_neighbours(NEIGHBOURS)
            self.backlog.settle_down()
            for child in children:
                child.go()
            done = round_of([child.hear() for child in children])
            self.backlog.check(done.jobs)
        return done

    def _missing(self) -> int:
        """Return how many jobs it takes for the backlog to be as long as it is to be."""
        return max(0, (self.variant.pending or self.jobs) - self.backlog.untouched)

    def _child(self) -> Child:
        arguments = [self.contender.name]
        if self.variant.pending or self.variant.sleeping_neighbour:
            each = -(-self.jobs // self.variant.relays)
            arguments += [f"--warm-up-limit={WARM_UP}", f"--limit={each}"]
        environment = {
            "DATABASE_URL": self.backlog.url,
            "BENCHMARK_LANES": str(self.variant.lanes),
        }
        if self.variant.sleeping_neighbour:
            environment["BENCHMARK_NEIGHBOUR"] = "yes"
        return Child(PROCESS, arguments, environment=environment)


def round_of(answers: Sequence[Mapping[str, Any]]) -> Round:
    """Sum up what the processes of one round have said."""
    return Round(
        jobs=sum(answer["jobs"] for answer in answers),
        seconds=max(answer["ended"] for answer in answers)
        - min(answer["started"] for answer in answers),
        peak_rss_mb=max(answer["peak_rss_mb"] for answer in answers),
        shares=[answer["jobs"] for answer in answers],
    )


def measure(runners: Sequence[Runner], effort: Effort, tell: Tell) -> Mapping[str, list[Round]]:
    """Return, by a runner's name, what it has done in each round."""
    rounds: dict[str, list[Round]] = {runner.name: [] for runner in runners}
    for number in range(effort.rounds):
        for runner in rotated(runners, number):
            done = runner.run()
            rounds[runner.name].append(done)
            tell(
                f"Round {number + 1} of {effort.rounds}: {runner.title}: {done.jobs:,} in "
                f"{done.seconds:.2f} s, {done.rate:,.0f} per second"
            )
    return rounds
