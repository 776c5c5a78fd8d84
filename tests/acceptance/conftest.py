"""Real parts: the feeds server and Airflow once for all tests, relays as each test wants them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from pytest_django import Settings

from dj_actions.execution.call import ActionResult
from dj_actions.models import Delivery
from example.launch.airflow_environment import ROOT
from example.launch.process import Process, wait_until
from example.launch.stack import Stack, open_stack
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.collection import shares_airflow

SETTLE_SECONDS = 180.0

Start = Callable[..., Process]
"""Starts a relay with a test publisher: its class, arguments, variables of its environment."""


class StartRelay(Protocol):
    """Starts a relay as its own process, on the database of the test."""

    def __call__(self, *arguments: str, **variables: str) -> Process:
        """Start it with arguments of `run_relay` and variables of its environment."""


@pytest.fixture(scope="session", autouse=True)
def _sigint() -> Iterator[None]:
    """Let programs receive SIGINT: a shell starts its background jobs with SIGINT ignored."""
    inherited = signal.getsignal(signal.SIGINT)
    if inherited == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, inherited)


class SharedStack:
    """The feeds server and a real Airflow, started when a test of this process needs them."""

    def __init__(self) -> None:
        self._resources = ExitStack()
        self._stack: Stack | None = None

    def open(self) -> Stack:
        """Return it; start it if it does not run."""
        if not self._stack:
            self._resources.close()  # what a start that failed has left
            opened = open_stack(lambda _text: None, database=os.environ["DATABASE_URL"])
            stack = self._resources.enter_context(opened)
            stack.start_feeds()
            stack.start_airflow()
            self._stack = stack
        return self._stack

    def close(self) -> None:
        """Stop it if it runs."""
        self._stack = None
        self._resources.close()


shared = SharedStack()


@pytest.fixture(scope="session", autouse=True)
def _stopped_stack() -> Iterator[None]:
    yield
    shared.close()


@pytest.fixture
def stack() -> Stack:
    """The feeds server and a real Airflow."""
    return shared.open()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Stop the stack behind its tests: an Airflow without work slows down all that follow."""
    result = yield
    stays = nextitem and (shares_airflow(nextitem.nodeid) or nextitem.path == item.path)
    if not stays:
        shared.close()
    return result


@pytest.fixture
def routed(settings: Settings) -> None:
    """Let actions of this process queue deliveries for the relays' publishers."""
    entry = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher", "ROUTES": ["todo.*"]}
    # Which DAG a delivery starts is recorded with it.
    pipelines = {**entry, "ROUTES": {"todo.*": {"dag_id": "todo_completed"}}}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry, "pipelines": pipelines}}


@pytest.fixture
def act(transactional_db: None, routed: None) -> Callable[..., ActionResult]:
    """Run an action on a new todo of a new user."""

    def run(**data: Any) -> ActionResult:
        ann, _ = get_user_model()._default_manager.get_or_create(username="ann")
        todo = Todo.objects.create(title="Buy milk", owner=ann)
        return MarkDone.run(actor=ann, object=todo, data=data)

    return run


@pytest.fixture
def start_relay(stack: Stack, transactional_db: None, tmp_path: Path) -> Iterator[StartRelay]:
    """Start relays; end what is left of them."""
    started: list[Process] = []

    def start(*arguments: str, **variables: str) -> Process:
        relay = run_relay(
            tmp_path / f"relay-{len(started)}.log",
            *arguments,
            **{**stack.web_environment, "DATABASE_URL": database_url(), **variables},
        )
        started.append(relay)
        return relay

    yield start
    for relay in started:
        relay.stop()


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    """The file that the test publishers write to."""
    return tmp_path / "outbox"


@pytest.fixture
def start(tmp_path: Path, outbox: Path) -> Iterator[Start]:
    """Start relays whose publisher needs no server; end what is left of them."""
    started: list[Process] = []

    def run(publisher: str = "CountingPublisher", *arguments: str, **variables: str) -> Process:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "TEST_FILE": str(outbox),
            "TEST_PUBLISHER": publisher,
            "RELAY_POLL_INTERVAL": "0.05",
            **variables,
        }
        log = tmp_path / f"relay-{len(started)}.log"
        started.append(run_relay(log, "--publisher=test", *arguments, **environment))
        return started[-1]

    yield run
    for relay in started:
        relay.stop(timeout=2)


def run_relay(log: Path, *arguments: str, **environment: str) -> Process:
    """Start `manage.py run_relay` with the settings of these tests."""
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings"}
    command = [sys.executable, "-m", "django", "run_relay", *arguments]
    return Process(log.stem, command, log=log, env=environment, cwd=ROOT)


def database_url() -> str:
    """Return the URL of the database that pytest-django has made."""
    values = connection.settings_dict
    credentials = f"{values['USER']}:{values['PASSWORD']}"
    return f"postgresql://{credentials}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def wait_for(ready: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail when it does not come about."""
    wait_until(ready, timeout=SETTLE_SECONDS, what=what)


def delivery(result: ActionResult, publisher: str) -> Delivery:
    """Return the delivery of an action to a publisher."""
    return Delivery.objects.get(event=result.event, publisher=publisher)
