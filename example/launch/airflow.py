"""Run Airflow on loopback: API server, scheduler and DAG processor, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from example.launch.airflow_api import AirflowApi
from example.launch.airflow_environment import Account, AirflowSettings
from example.launch.process import LaunchError, Process, Stoppable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

SAMPLE_DAGS = frozenset({"todo_completed", "todos_completed", "todo_handed_over"})
"""The DAGs that the example routes actions to."""

MIGRATE_SECONDS = 120.0
START_SECONDS = 120.0
# The scheduler waits for running tasks, whose results are no longer needed.
STOP_SECONDS = 10.0


class Airflow(Stoppable):
    """A private Airflow, started by `launch`."""

    def __init__(self, settings: AirflowSettings) -> None:
        self.settings = settings
        self._environment = settings.environment()
        self._api = AirflowApi(settings.api_port, settings.admin)
        self._execution_api = AirflowApi(settings.tasks_port, settings.admin)
        self._processes: dict[str, Process] = {}

    def launch(
        self, progress: Callable[[str], None], dag_ids: Collection[str] = SAMPLE_DAGS
    ) -> None:
        """Start all programs, and return when they are healthy and have loaded `dag_ids`.

        The settings' folder and database must exist and be empty. `progress` receives a line
        for each step. If it fails, all programs are stopped.
        """
        try:
            self._start(progress, dag_ids)
        except BaseException:
            self.stop()
            raise

    @property
    def base_url(self) -> str:
        """The URL of the web interface and the API, without a trailing slash."""
        return self.settings.base_url

    @property
    def username(self) -> str:
        """The admin's username."""
        return self.settings.admin.username

    @property
    def password(self) -> str:
        """The admin's password."""
        return self.settings.admin.password

    @property
    def viewer(self) -> Account:
        """An account that may read everything and trigger nothing."""
        return self.settings.viewer

    @property
    def processes(self) -> Sequence[Process]:
        """The programs that are running."""
        return tuple(self._processes.values())

    def add_connection(self, name: str, parts: Mapping[str, Any]) -> None:
        """Store a connection, with its parts as in Airflow's JSON.

        Raises:
            LaunchError: Airflow has refused it, or did not answer.
        """
        if not self._api.add_connection(name, parts):
            raise LaunchError(f"Airflow did not store the connection {name}.")

    def check_alive(self) -> None:
        """Raise LaunchError if one of the programs has exited."""
        for process in self._processes.values():
            if process.returncode is not None:
                raise LaunchError(
                    f"{process.name} exited with code {process.returncode}.\n{process.log_tail()}"
                )

    def is_healthy(self) -> bool:
        """Return whether every program responds and works."""
        return self._api.is_healthy()

    def crash(self, name: str) -> None:
        """Kill a program and what it has started.

        Args:
            name: `api-server`, `scheduler` or `dag-processor`.
        """
        process = self._processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.stop(timeout=0)
        kill_session(process.pid)

    def start_program(self, name: str) -> None:
        """Start a program, without waiting until it works.

        Args:
            name: as for `crash`.
        """
        self._launch(name, *self._programs()[name])

    def replace_secret(self) -> None:
        """Sign with another secret from now on; what is running has to be started again."""
        self.settings = replace(self.settings, secret=secrets.token_hex(64))
        self._environment = self.settings.environment()

    def stop(self) -> None:
        """Send SIGTERM to all programs at once, then SIGKILL to those that are left."""
        processes = list(self._processes.values())
        for process in processes:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            with contextlib.suppress(LaunchError):
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
        for process in processes:
            process.stop(timeout=0)
            # A task has its own process group, in the session of the scheduler.
            kill_session(process.pid)
        self._processes.clear()

    def _start(self, progress: Callable[[str], None], dag_ids: Collection[str]) -> None:
        progress("Airflow: creating its tables")
        self.settings.write_files()
        # The API servers take longer to load than the tables to create, and need them later.
        self._start_api_servers()
        self._create_tables()
        progress("Airflow: starting its scheduler and DAG processor")
        self.start_program("scheduler")
        self.start_program("dag-processor")
        self._wait_until(self._execution_api.serves_tasks, "api-server")
        self._wait_until(self._api.is_healthy, "api-server")
        progress("Airflow: loading the DAGs")
        self._wait_until(lambda: self._api.dag_ids() >= set(dag_ids), "dag-processor")
        progress(f"Airflow: ready at {self.base_url}")

    def _start_api_servers(self) -> None:
        self.start_program("api-server")
        if self.settings.splits_api:
            self.start_program("execution-api")

    def _programs(self) -> Mapping[str, tuple[Sequence[str], Mapping[str, str]]]:
        """Return the command line of each program, and variables of its own."""
        settings = self.settings
        apps = "core" if settings.splits_api else "all"
        return {
            "api-server": (settings.api_command(settings.api_port), {"AIRFLOW_API_APPS": apps}),
            "execution-api": (
                settings.api_command(settings.execution_port),
                {"AIRFLOW_API_APPS": "execution"},
            ),
            # Without the flag it serves its logs on all addresses.
            "scheduler": (settings.command("scheduler", "--skip-serve-logs"), {}),
            "dag-processor": (settings.command("dag-processor"), {}),
        }

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
        """Wait until `ready` returns True, or until any of the programs exits."""

        def ready_or_exited() -> bool:
            exited = any(process.returncode is not None for process in self._processes.values())
            return exited or ready()

        self._processes[name].wait_until_ready(ready_or_exited, timeout=START_SECONDS)
        self.check_alive()


def kill_session(session: int) -> None:
    """Kill all processes of a session that one of our programs led."""
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        # The process may exit meanwhile.
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
