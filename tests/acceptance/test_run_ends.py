"""How soon the end of a real run is in our record, with a hint of its DAG and without."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median, quantiles

import pytest

from example.demo.client import EVENT_HEADER, TodoClient
from example.demo.destinations import Runs
from example.launch.stack import ADMIN, Stack, open_stack
from tests.acceptance.conftest import wait_for
from tests.acceptance.test_airflow_publisher import publisher_of

pytestmark = [pytest.mark.postgres, pytest.mark.airflow, pytest.mark.slow]

RUNS = 15
TRACK_INTERVAL = 5.0
"""Its default."""

SLACK = 3.0
"""Seconds by which records may be late: one on an idle machine, and more where others work."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The project with one relay and the default intervals, and an Airflow that cannot tell it."""
    with open_stack(lambda _text: None, database=os.environ["DATABASE_URL"]) as stack:
        stack.variables.update(RELAY_POLL_INTERVAL="1", RELAY_TRACK_INTERVAL=str(TRACK_INTERVAL))
        stack.start_web(relays=1)
        stack.start_feeds()
        stack.start_airflow()
        yield stack


def delays(stack: Stack, count: int, *, is_told: bool) -> list[float]:
    """Return how many seconds after the end of each run our record had it.

    Args:
        stack: the project.
        count: how many runs are started, one after the other.
        is_told: whether the DAG sends hints. The next run then starts when our record has the end
            of the last one: Airflow's DAG processor sends one hint at a time. Without hints it
            starts when the task is done, which has nothing to do with when the relay asks.
    """
    ann, admin = (_client(stack, name) for name in ("ann", ADMIN))
    runs = Runs(stack)
    events: list[str] = []

    def has_ended() -> bool:
        if is_told:
            return events[-1] in _recorded_ends(admin, events)
        return runs.report(f"djactions-{events[-1]}") is not None

    for _ in range(count):
        response = ann.act(ann.create("Buy milk"), "mark_done", {"note": "done"})
        response.raise_for_status()
        events.append(response.headers[EVENT_HEADER])
        wait_for(has_ended, "The end of the run")
    wait_for(lambda: len(_recorded_ends(admin, events)) == count, "The records")
    recorded, ends = _recorded_ends(admin, events), _ends_of_runs(stack)
    return [(recorded[event] - ends[f"djactions-{event}"]).total_seconds() for event in events]


def _recorded_ends(admin: TodoClient, events: Sequence[str]) -> dict[str, datetime]:
    """Return when the end of the run of each event was recorded, as far as it is."""
    return {
        event["id"]: datetime.fromisoformat(row["remote_ended_at"])
        for event in admin.events()
        for row in event["deliveries"]
        if event["id"] in events and row["remote_ended_at"]
    }


def _ends_of_runs(stack: Stack) -> dict[str, datetime]:
    """Return when the newest runs have ended, by the clock of this machine."""
    publisher = publisher_of(stack)
    path = "/dags/todo_completed/dagRuns?limit=100&order_by=-id"
    listed = publisher.client().call("GET", path, failure="Airflow did not list the runs")
    publisher.close()
    return {
        run["dag_run_id"]: datetime.fromisoformat(run["end_date"])
        for run in listed["dag_runs"]
        if run["end_date"]
    }


def _client(stack: Stack, username: str) -> TodoClient:
    password = stack.secrets.password
    return TodoClient(base_url=stack.web_url, username=username, password=password)


def _report(name: str, seconds: Sequence[float]) -> None:
    print(  # noqa: T201 - the figures are of interest, too
        f"{name}: {len(seconds)} runs, median {median(seconds):.2f} s, "
        f"p90 {quantiles(seconds, n=10)[-1]:.2f} s, max {max(seconds):.2f} s"
    )


def test_the_end_of_a_run_is_soon_in_the_record_and_sooner_with_a_hint(stack: Stack) -> None:
    delays(stack, 1, is_told=False)  # the first run after a start imports what its tasks need
    without = delays(stack, RUNS, is_told=False)
    _report("without hints", without)
    assert stack.airflow
    stack.connect_airflow(stack.airflow)
    delays(stack, 1, is_told=True)
    with_hints = delays(stack, RUNS, is_told=True)
    _report("with hints", with_hints)

    assert max(without) <= TRACK_INTERVAL + SLACK
    assert median(with_hints) < min(median(without), SLACK)
