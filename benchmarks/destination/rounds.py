"""Let both contenders send in turn, and count what arrives."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.child import ChildProcess
from benchmarks.destination.backlog import Backlog
from benchmarks.destination.cells import WARM_UP_SECONDS, Cell, Plan
from benchmarks.destination.contenders import CONTENDERS, RELAY
from benchmarks.destination.received import rate_between, require_once, take_received
from benchmarks.options import Progress
from benchmarks.turns import Contender, Turn, take_turns

PROCESS = "benchmarks.destination.process"


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
        self._backlog.load()
        return take_turns(
            CONTENDERS,
            rounds=self._plan.rounds,
            open_child=self._child,
            measure=self._turn,
            title=str(self._cell),
            progress=progress,
        )

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
        return Turn.at(rate, seconds=self._plan.seconds, cpu_seconds=result["cpu_seconds"])
