"""An evening on which much goes wrong, on real parts: what somebody on call has to find out."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from example.demo.client import EVENT_HEADER, TodoClient
from example.launch.process import wait_until
from example.launch.stack import ADMIN, MACHINE, Progress, Stack, open_stack
from tests.acceptance.gateway import Gateway

SECONDS = 180.0
SLOWNESS = 2.0
"""Seconds by which the feeds are late."""

TITLES = ("Buy milk", "Water plants", "Call Eve", "Fix bike", "Pay rent", "Clean desk", "Cook soup")
"""Of Ann's todos, whose ids are 1 to 7."""

HANDED_OVER = 6
"""The todo whose DAG fails."""

TODO = 7
"""The todo to which the most happens."""

LOST = (3, 4, TODO)
"""The todos whose DAG runs the outage prevents; as many as open the circuit breaker."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """The project after all of it."""

    stack: Stack
    failed_event: str
    """The event of the action whose DAG run has failed."""

    dead: Sequence[int]
    """Ids of the deliveries that died in the outage, which is over."""

    killed_relay: int
    """Its process id."""

    events: Callable[[], list[dict[str, Any]]]
    """Returns all events with their deliveries, as the API has them now."""


@contextmanager
def open_incident(progress: Progress) -> Iterator[Incident]:
    """Start the project with all its parts, and let things go wrong.

    The feeds are slow. A machine's token is revoked: the DAG that calls an action with it fails.
    While Airflow cannot be reached, deliveries to it die, at their first attempt. One of two relays
    is killed.
    """
    with open_stack(progress, database=os.environ.get("DATABASE_URL")) as stack:
        feeds = Gateway(stack.feeds_port, delay=SLOWNESS)
        pipelines = Gateway(stack.airflow_settings.api_port)
        with feeds, pipelines:
            feeds.open()
            pipelines.open()
            stack.variables.update(_variables(stack, feeds, pipelines))
            stack.start(relays=2)
            yield _go_wrong(stack, pipelines)


def _variables(stack: Stack, feeds: Gateway, pipelines: Gateway) -> Mapping[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
        "TEST_TRIES": "1",
        # stream-python changes every host name but localhost.
        "STREAM_BASE_URL": f"http://localhost:{feeds.port}",
        "AIRFLOW_BASE_URL": f"http://127.0.0.1:{pipelines.port}",
        "AIRFLOW_PUBLIC_URL": stack.airflow_settings.base_url,
    }


def _go_wrong(stack: Stack, pipelines: Gateway) -> Incident:
    ann, bob, admin = (_client(stack, name) for name in ("ann", "bob", ADMIN))
    todos = [ann.create(title) for title in TITLES]
    assert todos == list(range(1, len(TITLES) + 1))
    for todo in todos[:2]:
        ann.act(todo, "mark_done", {"note": "done"}).raise_for_status()
    assert not bob.act(TODO, "mark_done", {}).ok
    stack.manage("machine_token", "revoke", MACHINE, "--reason", "It was in a log")
    handed_over = ann.act(HANDED_OVER, "hand_over", {"to": "bob"})
    handed_over.raise_for_status()
    wait_until(lambda: _are_settled(admin), timeout=SECONDS, what="The actions before the outage")
    pipelines.stop()
    for todo in LOST:
        ann.act(todo, "mark_done", {"note": "in the dark"}).raise_for_status()
    wait_until(lambda: _are_settled(admin), timeout=SECONDS, what="The dead letters of the outage")
    pipelines.open()
    return Incident(
        stack=stack,
        failed_event=handed_over.headers[EVENT_HEADER],
        dead=[row["id"] for row in _deliveries(admin) if row["state"] == "dead"],
        killed_relay=_kill_relay(stack),
        events=admin.events,
    )


def _kill_relay(stack: Stack) -> int:
    relay = next(process for process in stack.processes if process.name == "relay-2")
    relay.send_signal(signal.SIGKILL)
    return relay.pid


def _are_settled(admin: TodoClient) -> bool:
    """Return whether each delivery and each run has ended, in whatever way."""
    return all(
        row["state"] in {"delivered", "dead"} and row["remote_state"] != "running"
        for row in _deliveries(admin)
    )


def _deliveries(admin: TodoClient) -> list[dict[str, Any]]:
    return [row for event in admin.events() for row in event["deliveries"]]


def _client(stack: Stack, username: str) -> TodoClient:
    password = stack.secrets.password
    return TodoClient(base_url=stack.web_url, username=username, password=password)
