"""What people do with DAG runs in Airflow reaches our record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from dj_actions_airflow.connection.client import AirflowClient
from dj_actions_airflow.connection.options import Connection

from dj_actions.execution.call import ActionResult
from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import RemoteState
from example.launch.stack import Stack
from tests.acceptance.conftest import StartRelay, delivery, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow]

Act = Callable[..., ActionResult]
logger = logging.getLogger(__name__)

DAG = "/dags/todo_completed"


@pytest.fixture
def airflow(stack: Stack) -> Iterator[Callable[..., Any]]:
    """Return a function that sends a request to Airflow as its admin."""
    settings = stack.airflow_settings
    connection = Connection(
        base_url=settings.base_url,
        username=settings.admin.username,
        password=settings.admin.password,
        timeouts=(3.0, 30.0),
    )
    client = AirflowClient(connection, max_conf_bytes=262_144)

    def call(method: str, path: str, **body: Any) -> Any:
        return client.call(method, path, body=body or None, failure="Airflow did not answer")

    yield call
    client.close()


def of(result: ActionResult) -> Delivery:
    return delivery(result, "pipelines")


def wait_for_state(result: ActionResult, state: RemoteState) -> Delivery:
    wait_for(lambda: of(result).remote_state == state, f"The state {state}")
    return of(result)


def states(row: Delivery) -> list[str]:
    return [entry["state"] for entry in row.remote_history]


def test_a_run_is_followed_whatever_people_do_with_it(
    act: Act, start_relay: StartRelay, airflow: Callable[..., Any]
) -> None:
    result = act()
    start_relay("--publisher=pipelines")
    row = wait_for_state(result, RemoteState.SUCCEEDED)
    run = f"{DAG}/dagRuns/{row.receipt_id}"
    assert row.remote_ended_at
    end = datetime.fromisoformat((row.remote_report or {})["ended_at"])
    logger.info("recorded %s after its end", row.remote_ended_at - end)

    airflow("PATCH", run, state="failed")
    assert wait_for_state(result, RemoteState.FAILED).remote_failure is None  # no task has failed

    airflow("POST", f"{run}/clear", dry_run=False, only_failed=False)
    row = wait_for_state(result, RemoteState.SUCCEEDED)
    assert states(row) in (
        ["succeeded", "failed", "running", "succeeded"],
        ["succeeded", "failed", "succeeded"],
    )

    airflow("DELETE", run)
    Delivery.objects.filter(pk=row.pk).check_now()
    assert states(wait_for_state(result, RemoteState.LOST))[-2:] == ["succeeded", "lost"]


def test_a_run_that_fails_says_why(
    act: Act, start_relay: StartRelay, airflow: Callable[..., Any]
) -> None:
    result = act()
    # A bulk action, for a DAG that expects one object.
    ActionEvent.objects.filter(pk=result.event.pk).update(object_id=None, object_ids=["1", "2"])
    start_relay("--publisher=pipelines")
    row = wait_for_state(result, RemoteState.FAILED)
    wait_for(lambda: bool((of(result).remote_failure or {}).get("log")), "The log")
    failure = of(result).remote_failure
    assert failure
    assert failure["try_number"] == 1
    assert failure["exception"].startswith("AirflowFailException: ")
    assert failure["url"] == f"{row.receipt_url}/tasks/{failure['task']}"
    assert len(failure["log"]) <= 20

    airflow("POST", f"{DAG}/dagRuns/{row.receipt_id}/clear", dry_run=False, only_failed=True)
    wait_for(lambda: states(of(result)).count("failed") == 2, "The second end")


def test_a_run_of_a_paused_dag_says_why_it_waits(
    act: Act, start_relay: StartRelay, airflow: Callable[..., Any]
) -> None:
    airflow("PATCH", DAG, is_paused=True)
    try:
        result = act()
        start_relay("--publisher=pipelines")
        wait_for_state(result, RemoteState.RUNNING)
        Delivery.objects.filter(event=result.event).check_now()  # not only after 10 seconds
        wait_for(lambda: of(result).remote_hint != "", "The reason")
        assert of(result).remote_hint == "DAG 'todo_completed' is paused."
    finally:
        airflow("PATCH", DAG, is_paused=False)
    assert wait_for_state(result, RemoteState.SUCCEEDED).remote_hint == ""
