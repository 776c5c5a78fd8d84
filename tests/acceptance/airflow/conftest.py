"""A real Airflow with its own database and DAGs: what is done to it concerns no other test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.connection.client import AirflowClient
from django.contrib.auth import get_user_model
from pytest_django import Settings

from dj_actions.execution.call import ActionResult
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.states import RemoteState
from example.launch.airflow import Airflow
from example.launch.airflow_environment import DAGS_PROJECT, AirflowSettings, install
from example.launch.databases import open_databases
from example.launch.process import Process
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.acceptance.airflow.dags import OPTIONS, STEADY, write_dag
from tests.acceptance.conftest import database_url, delivery, run_relay, wait_for

ALIAS = "pipelines"

Act = Callable[..., ActionResult]
Route = Callable[..., None]
Call = Callable[..., Any]


@pytest.fixture(scope="session")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each DAG."""
    folder = tmp_path_factory.mktemp("dags")
    for dag_id in OPTIONS:
        write_dag(folder, dag_id)
    return folder


@pytest.fixture(scope="session")
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
        airflow.launch(print, OPTIONS)
        try:
            yield airflow
        finally:
            airflow.stop()


@pytest.fixture
def route(airflow: Airflow, settings: Settings) -> Iterator[Route]:
    """Return a function that routes the action to DAGs."""
    options = {
        "base_url": airflow.base_url,
        "username": airflow.username,
        "password": airflow.password,
    }

    def route(*dag_ids: str, **others: Any) -> None:
        entry = {
            "BACKEND": "dj_actions_airflow.AirflowPublisher",
            "OPTIONS": options,
            "ROUTES": {"todo.mark_done": {"dag_id": list(dag_ids), **others}},
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {ALIAS: entry}}

    route(STEADY)
    yield route
    publishers[ALIAS].close()


@pytest.fixture
def act(transactional_db: None, route: Route) -> Act:
    """Return a function that runs the action on a new todo, for the DAGs that it names."""

    def act(*dag_ids: str, **data: Any) -> ActionResult:
        if dag_ids:
            route(*dag_ids)
        ann, _ = get_user_model()._default_manager.get_or_create(username="ann")
        todo = Todo.objects.create(title="Buy milk", owner=ann)
        return MarkDone.run(actor=ann, object=todo, data=data)

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
def client(route: Route) -> Iterator[AirflowClient]:
    """A client of Airflow's admin."""
    publisher = publishers[ALIAS]
    assert isinstance(publisher, AirflowPublisher)
    yield publisher.client()
    publisher.close()


@pytest.fixture
def call(client: AirflowClient) -> Call:
    """Return a function that sends a request to Airflow as its admin."""

    def call(method: str, path: str, **body: Any) -> Any:
        return client.call(method, path, body=body or None, failure="Airflow did not answer")

    return call


def of(result: ActionResult) -> Delivery:
    """Return the delivery of an action."""
    return delivery(result, ALIAS)


def are(results: Sequence[ActionResult], **values: Any) -> bool:
    """Return whether the deliveries of all results have these values."""
    events = [result.event.pk for result in results]
    return Delivery.objects.filter(event__in=events, **values).count() == len(results)


def wait_for_ends(results: Sequence[ActionResult]) -> None:
    """Wait until the runs of all results have succeeded."""
    wait_for(lambda: are(results, remote_state=RemoteState.SUCCEEDED), "The end of the runs")


def wait_for_hint(result: ActionResult, words: str) -> str:
    """Wait until a delivery says why its run waits, and return that."""

    def has_hint() -> bool:
        Delivery.objects.filter(event=result.event).check_now()  # not only now and then
        return words in of(result).remote_hint

    wait_for(has_hint, f"The hint {words!r}")
    return of(result).remote_hint
