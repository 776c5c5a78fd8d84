"""Outages of a real Airflow, one program after the other: what waits, what goes on, what is said.

This Airflow has its own database and DAGs, so that what is done to it concerns no other test.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from dj_actions_airflow.connection.client import AirflowClient
from dj_actions_airflow.connection.options import Connection
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from psycopg import sql
from pytest_django import Settings

from dj_actions.doctor.publishers import check_reachability
from dj_actions.execution.call import ActionResult
from dj_actions.models import Delivery, PublisherState
from dj_actions.publishers import publishers
from dj_actions.states import DeliveryState, RemoteState
from example.launch.airflow import Airflow
from example.launch.airflow_environment import DAGS_PROJECT, AirflowSettings, install
from example.launch.databases import open_databases
from example.launch.process import Process
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.acceptance.conftest import database_url, delivery, run_relay, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow, pytest.mark.slow]

logger = logging.getLogger(__name__)

STEADY, PAUSED, REMOVED, BROKEN = DAGS = (
    *("outage_steady", "outage_paused", "outage_removed", "outage_broken"),
)
DAG = """
from airflow.sdk import dag, task

@dag(dag_id={dag_id!r}, schedule=None)
def finishes():
    @task
    def finish():
        return "done"

    finish()

finishes()
"""

PROBES = 6
"""Probes of a circuit breaker after which it has been open for half a minute; the next one is
allowed half a minute later."""

RECOVERY = 5.0
"""Seconds after the end of an outage within which all that waits is delivered."""

ACTIONS = 20

Act = Callable[..., ActionResult]
Route = Callable[..., None]
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each DAG."""
    folder = tmp_path_factory.mktemp("dags")
    for dag_id in DAGS:
        write_dag(folder, dag_id)
    return folder


@pytest.fixture(scope="module")
def airflow(dags: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """A running Airflow, whose programs a test may kill."""
    install()
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "reports").mkdir()
    with open_databases(folder, print, url=os.environ["DATABASE_URL"]) as databases:
        settings = AirflowSettings(
            folder=folder,
            database_url=databases.create("airflow"),
            dags_folder=dags,
            reports_folder=folder / "reports",
            environment_folder=DAGS_PROJECT / ".venv",
        )
        airflow = Airflow(settings)
        airflow.launch(print, DAGS)
        try:
            yield airflow
        finally:
            airflow.stop()


@pytest.fixture
def route(airflow: Airflow, settings: Settings) -> Iterator[Route]:
    """Return a function that routes the action to DAGs."""

    def route(*dag_ids: str) -> None:
        options = {
            "base_url": airflow.base_url,
            "username": airflow.username,
            "password": airflow.password,
        }
        entry = {
            "BACKEND": "dj_actions_airflow.AirflowPublisher",
            "OPTIONS": options,
            "ROUTES": {"todo.mark_done": {"dag_id": list(dag_ids)}},
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": entry}}

    route(STEADY)
    yield route
    publishers["pipelines"].close()


@pytest.fixture
def act(transactional_db: None, route: Route) -> Act:
    """Run the action on a new todo; its route may be changed before."""

    def act(*dag_ids: str) -> ActionResult:
        if dag_ids:
            route(*dag_ids)
        ann, _ = get_user_model()._default_manager.get_or_create(username="ann")
        return MarkDone.run(actor=ann, object=Todo.objects.create(title="Buy milk", owner=ann))

    return act


@pytest.fixture
def relay(airflow: Airflow, transactional_db: None, tmp_path: Path) -> Iterator[Process]:
    """A relay with the intervals of a project that has set none."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "AIRFLOW_BASE_URL": airflow.base_url,
        "AIRFLOW_USERNAME": airflow.username,
        "AIRFLOW_PASSWORD": airflow.password,
    }
    relay = run_relay(tmp_path / "relay.log", **environment)
    yield relay
    relay.stop()


@pytest.fixture
def call(airflow: Airflow) -> Iterator[Call]:
    """Return a function that sends a request to Airflow as its admin."""
    connection = Connection(
        base_url=airflow.base_url,
        username=airflow.username,
        password=airflow.password,
        timeouts=(3.0, 30.0),
    )
    client = AirflowClient(connection, max_conf_bytes=262_144)

    def call(method: str, path: str, **body: Any) -> Any:
        return client.call(method, path, body=body or None, failure="Airflow did not answer")

    yield call
    client.close()


def write_dag(folder: Path, dag_id: str) -> None:
    (folder / f"{dag_id}.py").write_text(DAG.format(dag_id=dag_id))


def of(result: ActionResult) -> Delivery:
    return delivery(result, "pipelines")


def are(results: Sequence[ActionResult], **values: Any) -> bool:
    """Return whether the deliveries of all results have these values."""
    events = [result.event.pk for result in results]
    return Delivery.objects.filter(event__in=events, **values).count() == len(results)


def wait_for_ends(results: Sequence[ActionResult]) -> None:
    wait_for(lambda: are(results, remote_state=RemoteState.SUCCEEDED), "The end of the runs")


def wait_for_hint(result: ActionResult, words: str) -> str:
    """Wait until a delivery says why its run waits, and return that."""

    def has_hint() -> bool:
        Delivery.objects.filter(event=result.event).check_now()  # not only now and then
        return words in of(result).remote_hint

    wait_for(has_hint, f"The hint {words!r}")
    return of(result).remote_hint


def runs_of(call: Call, dag_id: str) -> list[str]:
    """Return the ids of the newest runs of a DAG."""
    page = call("GET", f"/dags/{dag_id}/dagRuns?limit=100&order_by=-id")
    return [run["dag_run_id"] for run in page["dag_runs"]]


def count_probes() -> int:
    state = PublisherState.objects.find("pipelines")
    return state.probes if state else 0


def findings() -> Mapping[str, str]:
    """Return what `check --deploy` finds in Airflow: id → message."""
    found = run_checks(tags=["dj_actions"], include_deployment_checks=True)
    own = "dj_actions_airflow."
    return {str(one.id).removeprefix(own): one.msg for one in found if own in str(one.id)}


def test_while_the_api_server_is_down_for_a_minute_all_waits_and_nothing_is_doubled(
    airflow: Airflow, act: Act, relay: Process, call: Call
) -> None:
    wait_for_ends([act()])
    airflow.crash("api-server")
    down_at = time.monotonic()
    results = [act() for _ in range(ACTIONS)]
    wait_for(lambda: count_probes() >= PROBES, "Half a minute of probes")
    assert are(results, state=DeliveryState.PENDING)
    airflow.start_program("api-server")
    wait_for(airflow.is_healthy, "The API server")
    up_at = time.monotonic()
    wait_for(lambda: are(results, state=DeliveryState.DELIVERED), "The deliveries")
    recovery = time.monotonic() - up_at
    logger.info("down for %.1f s, all delivered %.1f s after that", up_at - down_at, recovery)
    wait_for_ends(results)

    assert recovery <= RECOVERY
    runs = runs_of(call, STEADY)
    assert [runs.count(of(result).receipt_id) for result in results] == [1] * ACTIONS


def test_after_a_restart_with_another_secret_tokens_are_renewed_and_nothing_dies(
    airflow: Airflow, act: Act, relay: Process
) -> None:
    wait_for_ends([act()])
    airflow.replace_secret()
    for name in ("api-server", "scheduler"):  # the scheduler signs the tokens of tasks
        airflow.crash(name)
        airflow.start_program(name)
    wait_for(airflow.is_healthy, "Airflow")
    results = [act() for _ in range(3)]
    wait_for_ends(results)

    assert are(results, attempts=1, errors=[])
    assert relay.returncode is None


@contextmanager
def without_database(url: str) -> Iterator[None]:
    """Let a database refuse all connections."""
    name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(allow.format(name, sql.SQL("false")))
        server.execute(end, [name._obj[0]])
        try:
            yield
        finally:
            server.execute(allow.format(name, sql.SQL("true")))


def test_while_the_database_of_airflow_is_down_its_errors_are_an_outage(
    airflow: Airflow, act: Act, relay: Process
) -> None:
    wait_for_ends([act()])
    assert airflow.settings.database_url
    with without_database(airflow.settings.database_url):
        results = [act() for _ in range(5)]
        wait_for(lambda: count_probes() >= PROBES - 2, "Some seconds of probes")
        assert are(results, state=DeliveryState.PENDING)
        kinds = {error["kind"] for result in results for error in of(result).errors}
        assert kinds == {"unavailable"}
    wait_for_ends(results)

    airflow.check_alive()


def test_what_keeps_a_dag_from_running_is_said_everywhere(
    act: Act, route: Route, relay: Process, call: Call, dags: Path
) -> None:
    stopped = (PAUSED, REMOVED, BROKEN)
    for dag_id in stopped:
        call("PATCH", f"/dags/{dag_id}", is_paused=True)
    waiting = {dag_id: act(dag_id) for dag_id in stopped}
    for result in waiting.values():
        wait_for_hint(result, "is paused")
    (dags / f"{REMOVED}.py").unlink()
    (dags / f"{BROKEN}.py").write_text("raise RuntimeError('This DAG is broken.')\n")
    try:
        said = {
            PAUSED: "is paused",
            REMOVED: "is not in its file any more",
            BROKEN: "has an import error",
        }
        for dag_id, words in said.items():
            wait_for_hint(waiting[dag_id], words)
        late = {dag_id: act(dag_id) for dag_id in (REMOVED, BROKEN)}
        wait_for(lambda: are([*late.values()], state=DeliveryState.DEAD), "The dead letters")
        for dag_id, result in late.items():
            assert dag_id in of(result).errors[-1]["message"]
        route(*stopped)
        assert findings().keys() == {"W003", "E010", "E011"}
        doctor = [finding.message for finding in check_reachability()]
        for dag_id in stopped:
            assert any(dag_id in message for message in doctor)
    finally:
        for dag_id in (REMOVED, BROKEN):
            write_dag(dags, dag_id)
    wait_for(lambda: findings().keys() == {"W003"}, "The DAGs")
    for dag_id in stopped:
        call("PATCH", f"/dags/{dag_id}", is_paused=False)
    wait_for_ends(list(waiting.values()))


def test_while_the_scheduler_is_dead_runs_are_queued_and_say_why(
    airflow: Airflow, act: Act, relay: Process
) -> None:
    wait_for_ends([act()])
    airflow.crash("scheduler")
    result = act()
    wait_for(lambda: of(result).state == DeliveryState.DELIVERED, "The delivery")
    hint = wait_for_hint(result, "scheduler")
    assert (of(result).remote_state, of(result).remote_detail) == (RemoteState.RUNNING, "queued")
    logger.info("%s", hint)
    assert findings().keys() == {"W004"}
    airflow.start_program("scheduler")
    wait_for_ends([result])

    assert of(result).remote_hint == ""
