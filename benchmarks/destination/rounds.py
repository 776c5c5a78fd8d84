"""Let both contenders send in turn, and count what arrives."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.child import ChildProcess
from benchmarks.destination.backlog import Backlog
from benchmarks.destination.cells import WARM_UP_SECONDS, Cell, Plan
from benchmarks.destination.contenders import CONTENDERS, RELAY, Contender
from benchmarks.destination.received import rate_between, require_once, take_received
from benchmarks.options import Progress
from benchmarks.samples import rotated

PROCESS = "benchmarks.destination.process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The result of one contender in one round."""

    rate: float
    """Messages per second."""

    cpu_microseconds: float
    """CPU time of the contender's process for each message."""


class CellRunner:
    """Measures one cell.

    Args:
        cell: the cell.
        plan: how long and how often.
        url: URL of the database.
        port: port of the destination.
    """

    def __init__(self, cell: Cell, plan: Plan, *, url: str, port: int) -> None:
        self._cell = cell
        self._plan = plan
        self._port = port
        self._available = cell.messages_in(plan.turn_seconds)
        self._backlog = Backlog(url, self._available)
        self._environment = {
            "DATABASE_URL": url,
            "BENCHMARK_CONCURRENCY": str(cell.concurrency),
            "BENCHMARK_PORT": str(port),
            "BENCHMARK_PATH": cell.path,
        }

    def run(self, progress: Progress) -> Mapping[str, list[Turn]]:
        """Return the turns of each contender, by name.

        Raises:
            BenchmarkError: a process failed, or a message was not received exactly once.
        """
        turns: dict[str, list[Turn]] = {contender.name: [] for contender in CONTENDERS}
        self._backlog.load()
        with ExitStack() as stack:
            children = {one.name: stack.enter_context(self._child(one)) for one in CONTENDERS}
            for child in children.values():
                child.read()
            for number in range(self._plan.rounds):
                for contender in rotated(CONTENDERS, number):
                    turns[contender.name].append(self._turn(contender, children[contender.name]))
                last = ", ".join(f"{one.title} {turns[one.name][-1].rate:,.0f}"
                                 for one in CONTENDERS)  # fmt: skip
                progress(
                    f"{self._cell}, round {number + 1} of {self._plan.rounds}: {last} per second"
                )
        return turns

    def _child(self, contender: Contender) -> ChildProcess:
        arguments = [contender.name, str(self._plan.turn_seconds)]
        return ChildProcess(PROCESS, arguments, environment=self._environment)

    def _turn(self, contender: Contender, child: ChildProcess) -> Turn:
        if contender is RELAY:
            self._backlog.load()
        child.start()
        result = child.read()
        arrivals = take_received(self._port)
        require_once(arrivals, available=self._available)
        if contender is RELAY:
            self._backlog.verify({arrival.id for arrival in arrivals})
        start = result["started"] + WARM_UP_SECONDS
        rate = rate_between(arrivals, start, start + self._plan.seconds)
        messages = rate * self._plan.seconds
        return Turn(rate=rate, cpu_microseconds=result["cpu_seconds"] * 1e6 / max(messages, 1))
