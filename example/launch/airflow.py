"""A real Airflow on loopback: API server, scheduler and DAG processor, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from example.launch.airflow_api import AirflowApi
from example.launch.airflow_environment import Account, AirflowSettings
from example.launch.process import LaunchError, Process

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from types import TracebackType

SAMPLE_DAGS = frozenset({"todo_completed", "todos_completed"})
MIGRATE_SECONDS = 120.0
START_SECONDS = 120.0
# The scheduler waits for the tasks that run; nobody needs their results any more.
STOP_SECONDS = 10.0


class Airflow:
    """One private Airflow: `launch` it, and `stop` it or leave its `with` block."""

    def __init__(self, settings: AirflowSettings) -> None:
        self.settings = settings
        self._environment = settings.environment()
        self._api = AirflowApi(settings.api_port, settings.admin)
        self._execution_api = AirflowApi(settings.tasks_port, settings.admin)
        self._processes: dict[str, Process] = {}

    def launch(
        self, progress: Callable[[str], None], dag_ids: Collection[str] = SAMPLE_DAGS
    ) -> None:
        """Start all programs and return when they are healthy and list `dag_ids`.

        The settings' folder exists and is empty, their database too. `progress` is told each
        step in a line for people. On failure nothing is left running.
        """
        try:
            self._start(progress, dag_ids)
        except BaseException:
            self.stop()
            raise

    @property
    def base_url(self) -> str:
        """The address of the web interface and the API, without a slash at the end."""
        return self.settings.base_url

    @property
    def username(self) -> str:
        """The name of the admin."""
        return self.settings.admin.username

    @property
    def password(self) -> str:
        """The password of the admin."""
        return self.settings.admin.password

    @property
    def viewer(self) -> Account:
        """Somebody who may look at everything and trigger nothing."""
        return self.settings.viewer

    def check_alive(self) -> None:
        """Raise LaunchError when one of the programs has ended."""
        for process in self._processes.values():
            if process.returncode is not None:
                raise LaunchError(
                    f"{process.name} ended with exit code {process.returncode}.\n"
                    f"{process.log_tail()}"
                )

    def stop(self) -> None:
        """End all programs at once with SIGTERM, then whatever is left of them with SIGKILL."""
        processes = list(self._processes.values())
        for process in processes:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            with contextlib.suppress(LaunchError):
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
        for process in processes:
            process.stop(timeout=0)
            # A task is a process group of its own, in the session of the scheduler.
            kill_session(process.pid)
        self._processes.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, progress: Callable[[str], None], dag_ids: Collection[str]) -> None:
        progress("Airflow: creating its tables")
        self.settings.write_files()
        # The API servers load for longer than the tables take, and use them only to answer.
        self._start_api_servers()
        self._create_tables()
        progress("Airflow: starting its scheduler and DAG processor")
        # Without the flag it serves its logs, on all addresses.
        self._launch("scheduler", self.settings.command("scheduler", "--skip-serve-logs"))
        self._launch("dag-processor", self.settings.command("dag-processor"))
        self._wait_until(self._execution_api.serves_tasks, "api-server")
        self._wait_until(self._api.is_healthy, "api-server")
        progress("Airflow: reading the DAGs")
        self._wait_until(lambda: self._api.dag_ids() >= set(dag_ids), "dag-processor")
        progress(f"Airflow: ready at {self.base_url}")

    def _start_api_servers(self) -> None:
        settings = self.settings
        apps = "core" if settings.splits_api else "all"
        self._launch(
            "api-server", settings.api_command(settings.api_port), {"AIRFLOW_API_APPS": apps}
        )
        if settings.splits_api:
            self._launch(
                "execution-api",
                settings.api_command(settings.execution_port),
                {"AIRFLOW_API_APPS": "execution"},
            )

    def _create_tables(self) -> None:
        migration = self._launch("db-migrate", self.settings.command("db", "migrate"))
        if migration.wait(timeout=MIGRATE_SECONDS) != 0:
            self.check_alive()
        del self._processes["db-migrate"]

    def _launch(
        self, name: str, command: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Process:
        process = Process(
            f"Airflow's {name}",
            command,
            log=self.settings.folder / f"{name}.log",
            env=self._environment | dict(variables or {}),
            cwd=self.settings.folder,
        )
        self._processes[name] = process
        return process

    def _wait_until(self, ready: Callable[[], bool], name: str) -> None:
        """Wait for what the named program does, or until any of the programs ends."""

        def ready_or_ended() -> bool:
            ended = any(process.returncode is not None for process in self._processes.values())
            return ended or ready()

        self._processes[name].wait_until_ready(ready_or_ended, timeout=START_SECONDS)
        self.check_alive()


def kill_session(session: int) -> None:
    """Kill all processes of a session, which one of our programs was the leader of."""
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        # It may end while we look at it.
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
