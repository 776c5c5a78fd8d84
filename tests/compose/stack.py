"""The stack under test: Compose's commands, and clients of what it publishes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import stream

from example.demo.client import TodoClient
from example.launch.env_file import write_env_file
from example.launch.process import free_port, wait_until
from tests.compose.engines import ROOT, Engine

PROJECT = "dj-actions-compose-test"
UP_SECONDS = 900
BUILD_SECONDS = 1200
FEEDS_TIMEOUT = 15.0
PORTS = ("WEB_PORT", "FEEDS_PORT", "AIRFLOW_PORT")
ENV_FILE = ".env.compose-test"


@contextmanager
def env_file() -> Iterator[str]:
    """Write an environment file with random secrets and free ports; yield its name."""
    path = ROOT / ENV_FILE
    path.unlink(missing_ok=True)
    write_env_file(ROOT / ".env.example", path)
    lines = [line for line in path.read_text().splitlines() if not line.startswith(PORTS)]
    path.write_text("\n".join([*lines, *(f"{name}={free_port()}" for name in PORTS), ""]))
    try:
        yield ENV_FILE
    finally:
        path.unlink(missing_ok=True)


class Stack:
    """The services of docker-compose.yml, under a project name of the test's own."""

    def __init__(self, engine: Engine, env_file: str) -> None:
        self._engine = engine
        self._env_file = env_file
        self._password = secrets.token_urlsafe(16)
        self._clients: dict[str, TodoClient] = {}

    def compose(self, *arguments: str, timeout: float = 180) -> str:
        """Run `docker compose ARGUMENTS` and return what it printed. Raises CommandError."""
        options = ("--project-name", PROJECT, "--env-file", self._env_file, "--ansi", "never")
        return self._engine.docker("compose", *options, *arguments, timeout=timeout)

    def build(self) -> None:
        """Build the image of the example."""
        self.compose("build", timeout=BUILD_SECONDS)

    def up(self) -> None:
        """Start everything and wait until it is healthy."""
        self.compose("up", "--detach", "--wait", timeout=UP_SECONDS)

    def remove(self) -> None:
        """Remove the containers and their data."""
        self.compose("down", "--volumes", "--timeout", "45")

    def create_users(self) -> None:
        """Create ann, bob and the administrator admin."""
        create = ("python", "example/manage.py", "create_users", "ann", "bob", "--admin", "admin")
        self.compose("exec", "-T", "-e", f"EXAMPLE_PASSWORD={self._password}", "web", *create)

    def client(self, username: str) -> TodoClient:
        """Return the client of a user of the todo project. It logs in once."""
        url = f"http://127.0.0.1:{self._variables['WEB_PORT']}"
        client = TodoClient(base_url=url, username=username, password=self._password)
        return self._clients.setdefault(username, client)

    def activities(self, feed: str) -> list[dict[str, Any]]:
        """Return the activities of a feed, read with Stream's own client."""
        client = stream.connect(
            self._variables["STREAM_API_KEY"],
            self._variables["STREAM_API_SECRET"],
            base_url=f"http://localhost:{self._variables['FEEDS_PORT']}",
            timeout=FEEDS_TIMEOUT,
        )
        group, _, key = feed.partition(":")
        found: list[dict[str, Any]] = client.feed(group, key).get(limit=100)["results"]
        return found

    def exit_code(self, service: str) -> int:
        """Return the exit code of the last container of a service that stopped."""
        listed = self.compose("ps", "--all", "--format", "json", service)
        code: int = json.loads(listed.splitlines()[-1])["ExitCode"]
        return code

    def wait_for_deliveries(self, number: int, *, timeout: float) -> None:
        """Wait until each delivery of `number` events arrived, and their DAG runs succeeded."""
        wait_until(
            lambda: self._finished() == number,
            timeout=timeout,
            what=f"Each delivery and DAG run of {number} events",
        )

    def _finished(self) -> int:
        """Return how many events have nothing left to be done."""
        events = self.client("admin").events()
        return sum(all(_is_finished(entry) for entry in event["deliveries"]) for event in events)

    @cached_property
    def _variables(self) -> dict[str, str]:
        lines = Path(ROOT, self._env_file).read_text().splitlines()
        pairs = (line.partition("=") for line in lines if not line.startswith("#"))
        return {name: value for name, _, value in pairs}


def _is_finished(delivery: dict[str, Any]) -> bool:
    run_is_over = delivery["remote_state"] in ("untracked", "succeeded")
    return run_is_over and delivery["state"] == "delivered"
