"""Let both contenders trigger runs in turn, and count what Airflow has queued."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.airflow.backlog import load, rate_between, runs_since, verify
from benchmarks.airflow.cells import WARM_UP_SECONDS, Cell, Plan
from benchmarks.airflow.contenders import CONTENDERS, RELAY
from benchmarks.airflow.server import AirflowServer
from benchmarks.child import ChildProcess
from benchmarks.options import Progress
from benchmarks.turns import Contender, Turn, take_turns

PROCESS = "benchmarks.airflow.process"


class CellRunner:
    """Measures one cell.

    Args:
        cell: the cell.
        plan: how long and how often.
        url: URL of the database of the deliveries.
        airflow: the server.
    """

    def __init__(self, cell: Cell, plan: Plan, *, url: str, airflow: AirflowServer) -> None:
        self._cell = cell
        self._plan = plan
        self._url = url
        self._airflow = airflow
        self._environment = {
            "DATABASE_URL": url,
            "BENCHMARK_CONCURRENCY": "" if cell.concurrency is None else str(cell.concurrency),
            "BENCHMARK_LANES": str(cell.lanes),
            "BENCHMARK_PORT": str(airflow.port),
            "BENCHMARK_TOKEN": airflow.token,
            "AIRFLOW_BASE_URL": airflow.url,
            "AIRFLOW_USERNAME": airflow.username,
            "AIRFLOW_PASSWORD": airflow.password,
        }

    def run(self, progress: Progress) -> Mapping[str, list[Turn]]:
        """Return the turns of each contender, by name.

        Raises:
            BenchmarkError: a process failed, or a delivery was not one run.
        """
        load(self._url, self._plan.messages)
        return take_turns(
            CONTENDERS,
            rounds=self._plan.rounds,
            open_child=self._child,
            measure=self._turn,
            title=f"CONCURRENCY {self._cell}",
            progress=progress,
        )

    def _child(self, contender: Contender) -> ChildProcess:
        arguments = [contender.name, str(self._plan.turn_seconds)]
        return ChildProcess(PROCESS, arguments, environment=self._environment)

    def _turn(self, contender: Contender, child: ChildProcess) -> Turn:
        if contender is RELAY:
            load(self._url, self._plan.messages)
        child.start()
        result = child.read()
        runs = runs_since(self._airflow.database_url, result["started"])
        if contender is RELAY:
            verify(self._url, runs, self._plan.messages)
        start = result["started"] + WARM_UP_SECONDS
        rate = rate_between(runs, start, start + self._plan.seconds)
        return Turn.at(rate, seconds=self._plan.seconds, cpu_seconds=result["cpu_seconds"])
