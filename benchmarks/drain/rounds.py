"""Run all candidates in turn, each round in new processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

from benchmarks.child import ChildProcess
from benchmarks.drain.backlog import Backlog
from benchmarks.drain.candidates import Candidate
from benchmarks.drain.entries import entry_name
from benchmarks.drain.environments import Environment
from benchmarks.drain.workload import WARM_UP, Variant, Workload
from benchmarks.options import Progress
from benchmarks.samples import rotated

PROCESS = "benchmarks.drain.process"

NEIGHBORS = 1_000
"""Jobs of the sleeping neighbor, more than it can do during a measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The result of one candidate in one round."""

    jobs: int
    seconds: float
    """From the first job of all processes to the end of the last process."""

    peak_rss_mb: float
    """Maximum over the processes."""

    shares: Sequence[int]
    """Jobs per process."""

    @property
    def rate(self) -> float:
        """Jobs per second."""
        return self.jobs / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A candidate with its backlog."""

    candidate: Candidate
    backlog: Backlog
    jobs: int
    """Jobs per round."""

    variant: Variant
    environment: Environment = field(default_factory=Environment)

    @property
    def name(self) -> str:
        """Name of the entry."""
        return entry_name(self.candidate, self.variant)

    @property
    def title(self) -> str:
        """Title of the candidate, with the conditions of its variant."""
        return ": ".join(filter(None, (self.candidate.title, self._conditions)))

    @property
    def _conditions(self) -> str:
        return self.variant.describe(lanes=self.candidate.lanes)

    def prepare(self) -> None:
        """Create the rows that exist from the start."""
        self.backlog.load_finished(self.variant.settled)
        if self.variant.keeps_rows:
            self.backlog.load_blocked(parked=self.variant.parked, waiting=self.variant.waiting)

    def run(self) -> Round:
        """Run one round.

        Raises:
            BenchmarkError: a process failed, or the rows do not match the jobs that it counted.
        """
        if self.variant.keeps_rows:
            self.backlog.vacuum()
        else:
            self.backlog.clear()
        snapshot = self.backlog.held_snapshot() if self.variant.held_snapshot else nullcontext()
        with snapshot, ExitStack() as stack:
            self.backlog.load(WARM_UP * self.variant.relays)
            children = [stack.enter_context(self._child()) for _ in range(self.variant.relays)]
            self.backlog.verify(sum(child.read()["jobs"] for child in children))
            if not self.variant.keeps_rows:
                self.backlog.load_blocked(parked=self.variant.parked, waiting=self.variant.waiting)
            self.backlog.load(self._missing())
            if self.variant.sleeping_neighbor:
                self.backlog.load_neighbors(NEIGHBORS)
            self.backlog.prepare_database()
            for child in children:
                child.start()
            done = combine([child.read() for child in children])
            self.backlog.verify(done.jobs)
        return done

    def _missing(self) -> int:
        """Return the number of jobs that the backlog lacks."""
        return max(0, (self.variant.pending or self.jobs) - self.backlog.pending)

    def _child(self) -> ChildProcess:
        arguments = [self.candidate.name]
        if self.variant.pending or self.variant.sleeping_neighbor:
            share = -(-self.jobs // self.variant.relays)
            arguments += [f"--warm-up-limit={WARM_UP}", f"--limit={share}"]
        environment = {
            "DATABASE_URL": self.backlog.url,
            "DJANGO_SETTINGS_MODULE": self.candidate.settings,
            "BENCHMARK_LANES": str(self.variant.lanes),
            "BENCHMARK_ORDERING": "key" if self.variant.keys else "none",
        }
        if self.variant.sleeping_neighbor:
            environment["BENCHMARK_NEIGHBOR"] = "yes"
        return ChildProcess(
            PROCESS, arguments, environment=environment, interpreter=self.environment.interpreter
        )


def combine(results: Sequence[Mapping[str, Any]]) -> Round:
    """Return the combined result of the processes of one round."""
    return Round(
        jobs=sum(result["jobs"] for result in results),
        seconds=max(result["ended"] for result in results)
        - min(result["started"] for result in results),
        peak_rss_mb=max(result["peak_rss_mb"] for result in results),
        shares=[result["jobs"] for result in results],
    )


def measure(
    runners: Sequence[Runner], workload: Workload, progress: Progress
) -> Mapping[str, list[Round]]:
    """Return the rounds of each runner, by name."""
    rounds: dict[str, list[Round]] = {runner.name: [] for runner in runners}
    for number in range(workload.rounds):
        for runner in rotated(runners, number):
            done = runner.run()
            rounds[runner.name].append(done)
            progress(
                f"Round {number + 1} of {workload.rounds}: {runner.title}: {done.jobs:,} in "
                f"{done.seconds:.2f} s, {done.rate:,.0f} per second"
            )
    return rounds
