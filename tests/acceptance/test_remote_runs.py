"""What people do with DAG runs in Airflow reaches our record."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from dj_actions_airflow.client import AirflowClient
from dj_actions_airflow.connection import Connection

from dj_actions.execution.call import ActionResult
from dj_actions.models import Delivery
from dj_actions.states import RemoteState
from example.launch.stack import Stack
from tests.acceptance.conftest import StartRelay, delivery, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow]

Act = Callable[..., ActionResult]
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


def test_a_run_that_fails_is_explained_and_followed_whatever_people_do_with_it(
    stack: Stack, act: Act, start_relay: StartRelay, airflow: Callable[..., Any]
) -> None:
    start_relay("--publisher=pipelines")
    away = stack.reports.with_name("reports-are-away")
    shutil.move(stack.reports, away)
    try:
        result = act()
        failed = wait_for_state(result, RemoteState.FAILED)
    finally:
        shutil.move(away, stack.reports)
    failure = failed.remote_failure
    assert failure
    assert failure["task"] == "write_report"
    assert "AirflowFailException" in failure["exception"]
    assert (failure["try_number"], failure["url"]) == (
        1,
        f"{failed.receipt_url}/tasks/write_report",
    )
    assert 0 < len(failure["log"]) <= 20

    run = f"{DAG}/dagRuns/{failed.receipt_id}"
    airflow("POST", f"{run}/clear", dry_run=False, only_failed=True)
    succeeded = wait_for_state(result, RemoteState.SUCCEEDED)
    assert states(succeeded) in (["failed", "running", "succeeded"], ["failed", "succeeded"])
    assert succeeded.remote_failure is None
    assert succeeded.remote_ended_at
    assert succeeded.remote_report
    end = succeeded.remote_report["ended_at"]
    lateness = succeeded.remote_ended_at - type(succeeded.remote_ended_at).fromisoformat(end)
    assert lateness < timedelta(seconds=0.3 + 1)  # TRACK_INTERVAL is 0.3

    airflow("PATCH", run, state="failed")
    marked = wait_for_state(result, RemoteState.FAILED)
    assert marked.remote_failure is None  # no task has failed

    airflow("DELETE", run)
    Delivery.objects.filter(pk=marked.pk).check_now()
    assert states(wait_for_state(result, RemoteState.LOST))[-3:] == ["succeeded", "failed", "lost"]


def test_a_run_of_a_paused_dag_says_why_it_waits(
    act: Act, start_relay: StartRelay, airflow: Callable[..., Any]
) -> None:
    airflow("PATCH", DAG, is_paused=True)
    try:
        result = act()
        start_relay("--publisher=pipelines")
        wait_for_state(result, RemoteState.RUNNING)
        wait_for(lambda: of(result).remote_hint != "", "The reason")
        assert of(result).remote_hint == "DAG 'todo_completed' is paused."
    finally:
        airflow("PATCH", DAG, is_paused=False)
    assert wait_for_state(result, RemoteState.SUCCEEDED).remote_hint == ""
