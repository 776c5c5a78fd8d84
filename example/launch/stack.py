"""The whole stack: database, todo project, feeds server, relays and Airflow."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from example.launch.airflow import Airflow
from example.launch.airflow_environment import DAGS_PROJECT, ROOT, AirflowSettings, install
from example.launch.databases import Databases, open_databases
from example.launch.process import LaunchError, Process, free_port

Progress = Callable[[str], None]

START_SECONDS = 60.0
USERS = ("ann", "bob")
ADMIN = "admin"
MACHINE = "airflow"
"""The user that DAGs act as."""

MACHINE_ACTIONS = ("todo.remind",)
"""The actions that its token names."""


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Random secrets, new for each start."""

    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    """Password of all users of the todo project."""

    hint_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Signs the hints of DAGs about the end of their runs."""

    django_key: str = field(default_factory=lambda: secrets.token_urlsafe(50), repr=False)
    feeds_django_key: str = field(default_factory=lambda: secrets.token_urlsafe(50), repr=False)
    feeds_key: str = field(default_factory=lambda: secrets.token_hex(8))
    feeds_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


class Stack:
    """All programs, their URLs and their credentials.

    Args:
        folder: an empty folder.
        databases: creates the databases of the parts.
        progress: receives a line for each step; may be called by several threads.
    """

    def __init__(self, folder: Path, databases: Databases, progress: Progress) -> None:
        self.folder = folder
        self.databases = databases
        self.secrets = Secrets()
        self.web_port = free_port()
        self.feeds_port = free_port()
        self.reports = folder / "reports"
        self.reports.mkdir()
        airflow_home = folder / "airflow"
        airflow_home.mkdir()
        self.airflow_settings = AirflowSettings(
            folder=airflow_home,
            database_url=databases.create("airflow") if databases.is_postgres else None,
            dags_folder=DAGS_PROJECT,
            reports_folder=self.reports,
        )
        self._web_database = databases.create("todos")
        self._feeds_database = databases.create("feeds")
        self._progress = progress
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._processes: list[Process] = []
        self.airflow: Airflow | None = None
        self.variables: dict[str, str] = {}
        """Further environment variables of the todo project and its relays."""

    @property
    def processes(self) -> Sequence[Process]:
        """The programs that are running."""
        return tuple(self._processes)

    @property
    def web_url(self) -> str:
        """URL of the todo project, without a trailing slash."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def feeds_url(self) -> str:
        """URL of the feeds server, without a trailing slash."""
        # stream-python changes every host name but localhost.
        return f"http://localhost:{self.feeds_port}"

    @property
    def web_environment(self) -> Mapping[str, str]:
        """Environment variables of the todo project and its relays."""
        settings = self.airflow_settings
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "example.project.settings",
            "DJANGO_SECRET_KEY": self.secrets.django_key,
            "DJANGO_DEBUG": "0",
            "DATABASE_URL": self._web_database,
            "EXAMPLE_PASSWORD": self.secrets.password,
            "EXAMPLE_HINT_SECRET": self.secrets.hint_secret,
            "STREAM_BASE_URL": self.feeds_url,
            "FEED_PAGE_URL": f"{self.web_url}/feeds/{{group}}/{{id}}/?at={{activity}}",
            "STREAM_API_KEY": self.secrets.feeds_key,
            "STREAM_API_SECRET": self.secrets.feeds_secret,
            "AIRFLOW_BASE_URL": settings.base_url,
            "AIRFLOW_USERNAME": settings.admin.username,
            "AIRFLOW_PASSWORD": settings.admin.password,
            "RELAY_POLL_INTERVAL": "0.1",
            "RELAY_TRACK_INTERVAL": "0.3",
            **self.variables,
        }

    @property
    def feeds_environment(self) -> Mapping[str, str]:
        """Environment variables of the feeds server."""
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "example.feeds.settings",
            "FEEDS_DATABASE_URL": self._feeds_database,
            "FEEDS_API_KEY": self.secrets.feeds_key,
            "FEEDS_API_SECRET": self.secrets.feeds_secret,
            "FEEDS_SECRET_KEY": self.secrets.feeds_django_key,
            "FEEDS_BROWSER": "1",
        }

    def start(self, *, relays: int, airflow: bool = True) -> None:
        """Start all parts concurrently, and return when all of them are ready.

        Raises:
            LaunchError: a part could not be started; the message has its name and the reason.
        """
        parts: list[Callable[[], object]] = [lambda: self.start_web(relays), self.start_feeds]
        if airflow:
            parts.append(self.start_airflow)
        # Not a `with` block: on Ctrl-C it would wait for the starts instead of aborting them.
        pool = ThreadPoolExecutor(len(parts))
        starts = [pool.submit(part) for part in parts]
        try:
            for start in starts:
                start.result()
            if self.airflow:
                self.connect_airflow(self.airflow)
        except BaseException:
            self._abort(starts)
            raise
        finally:
            pool.shutdown(wait=False)

    def start_web(self, relays: int = 0) -> None:
        """Create the todo project's tables and users, and serve it."""
        self.manage("migrate", "--verbosity=0")
        self.manage("create_users", *USERS, f"--admin={ADMIN}", f"--machine={MACHINE}")
        for number in range(1, relays + 1):
            self.start_relay(f"relay-{number}")
        self.serve_web()
        self._report(f"Todo project: ready at {self.web_url}")

    def serve_web(self) -> Process:
        """Serve the todo project."""
        command = _gunicorn("example.project.wsgi", self.web_port)
        web = self.launch("web", command, self.web_environment)
        web.wait_until_ready(lambda: _is_healthy(self.web_url), timeout=START_SECONDS)
        return web

    def start_feeds(self) -> None:
        """Create the feeds server's tables, and serve it."""
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
        self._run("feeds-migrate", migrate, self.feeds_environment)
        self.serve_feeds()
        self._report(f"Feeds server: ready at {self.feeds_url}")

    def serve_feeds(self) -> Process:
        """Serve the feeds server."""
        command = _gunicorn("example.feeds.wsgi", self.feeds_port)
        feeds = self.launch("feeds", command, self.feeds_environment)
        feeds.wait_until_ready(lambda: _is_healthy(self.feeds_url), timeout=START_SECONDS)
        return feeds

    def start_airflow(self) -> None:
        """Install Airflow if necessary, and start it."""
        self._report("Airflow: checking its environment (the first time takes a while)")
        install()
        self.airflow = Airflow(self.airflow_settings)
        self.airflow.launch(self._report)

    def connect_airflow(self, airflow: Airflow) -> None:
        """Make Airflow's connection to the todo project, with the token for its actions."""
        airflow.add_connection(
            "dj_actions_default",
            {
                "conn_type": "dj_actions",
                "host": self.web_url,
                "password": self._create_machine_token(),
                "extra": {
                    "paths": {"todo": "/todos/"},
                    "hint_secret": self.secrets.hint_secret,
                },
            },
        )

    def start_relay(self, name: str = "relay", **variables: str) -> Process:
        """Start a relay, without waiting for it."""
        command = [sys.executable, str(ROOT / "example/manage.py"), "run_relay"]
        relay = self.launch(name, command, {**self.web_environment, **variables})
        self._report(f"{name}: started")
        return relay

    def launch(self, name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> Process:
        """Start a program that is stopped with the stack at the latest."""
        with self._lock:
            if self._closing.is_set():
                raise LaunchError(f"{name} was not started: the stack is being stopped.")
            log = self.folder / f"{name}.log"
            process = Process(name, command, log=log, env=env, cwd=ROOT)
            self._processes.append(process)
        return process

    def write_environment(self) -> Path:
        """Write a file that a shell can read, for management commands on what is running.

        Only its owner can read it: it has the passwords of this start.
        """
        file = self.folder / "environment"
        own = (
            f"export {name}={shlex.quote(value)}\n"
            for name, value in self.web_environment.items()
            if os.environ.get(name) != value
        )
        file.touch(mode=0o600)
        file.write_text("".join(own))
        return file

    def ended(self) -> Sequence[Process]:
        """Return the programs that have exited without being stopped."""
        airflow = self.airflow.processes if self.airflow else ()
        return [
            process for process in (*self._processes, *airflow) if process.returncode is not None
        ]

    def check_alive(self) -> None:
        """Raise LaunchError if a part has exited."""
        if self.airflow:
            self.airflow.check_alive()
        for process in self._processes:
            if process.returncode is not None:
                raise LaunchError(
                    f"{process.name} exited with code {process.returncode}.\n{process.log_tail()}"
                )

    def stop(self) -> None:
        """Stop all programs, relays first, so that they can release their claims."""
        self._closing.set()
        with self._lock:
            processes, self._processes = self._processes, []
        for process in processes:
            process.request_stop()
        if self.airflow:
            self.airflow.stop()
        for process in processes:
            process.stop()

    def _abort(self, starts: list[Future[object]]) -> None:
        self.stop()
        wait(starts)
        # Also stop programs that were launched during the first stop.
        self.stop()

    def _create_machine_token(self) -> str:
        """Create the token with which DAGs call actions, and return its secret."""
        actions = [f"--action={action}" for action in MACHINE_ACTIONS]
        output = self.manage(
            "machine_token", "create", MACHINE, f"--owner={MACHINE}", *actions, "--json"
        )
        created, _ = json.JSONDecoder().raw_decode(output[output.index("{") :])
        secret: str = created["secret"]
        return secret

    def manage(self, command: str, *arguments: str) -> str:
        """Run a management command and return its output."""
        program: list[str | Path] = [sys.executable, ROOT / "example/manage.py", command]
        return self._run(command, [*program, *arguments], self.web_environment)

    def _run(self, name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> str:
        process = self.launch(name, command, env)
        if process.wait(timeout=START_SECONDS) != 0:
            raise LaunchError(f"{name} failed.\n{process.log_tail()}")
        with self._lock:
            if process in self._processes:
                self._processes.remove(process)
        return process.log.read_text()

    def _report(self, text: str) -> None:
        """Report progress; raise LaunchError if the stack is being stopped, to abort the start."""
        if self._closing.is_set():
            raise LaunchError("The stack is being stopped.")
        self._progress(text)


@contextmanager
def open_stack(progress: Progress, *, database: str | None = None) -> Iterator[Stack]:
    """Yield a stack that is not started; stop it and remove its files at the end.

    Args:
        progress: receives a line for each step.
        database: see `open_databases`.
    """
    with tempfile.TemporaryDirectory(prefix="dj-actions-") as name:
        folder = Path(name)
        with open_databases(folder, progress, url=database) as databases:
            stack = Stack(folder, databases, progress)
            try:
                yield stack
            finally:
                stack.stop()


def _gunicorn(application: str, port: int) -> list[str | Path]:
    return [
        sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}",
        "--workers=1", "--threads=4", "--access-logfile=-",
    ]  # fmt: skip


def _is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
