"""Runs of DAGs with a limit or a schedule, runs that people end, and large payloads."""

from __future__ import annotations

from pathlib import Path

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.connection.client import AirflowClient
from django.utils.dateparse import parse_datetime

from dj_actions.exceptions import PublishRejected
from dj_actions.publishers import publishers
from dj_actions.states import DeliveryState, RemoteState
from dj_actions.testing.contract import make_message
from example.launch.process import Process
from tests.acceptance.airflow.conftest import (
    ALIAS,
    Act,
    Call,
    Route,
    are,
    of,
    wait_for_ends,
    wait_for_hint,
)
from tests.acceptance.airflow.dags import DAILY, PAUSED, SERIAL, STEADY, let_runs_end
from tests.acceptance.conftest import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow, pytest.mark.slow]

RUNS = 10


def test_runs_of_a_dag_that_runs_one_at_a_time_start_in_the_order_of_the_commits(
    act: Act, relay: Process, call: Call, dags: Path
) -> None:
    results = [act(SERIAL) for _ in range(RUNS)]
    wait_for(lambda: are(results, state=DeliveryState.DELIVERED), "The deliveries")
    wait_for_hint(results[-1], "runs 1 at a time, its max_active_runs")
    let_runs_end(dags)
    wait_for_ends(results)

    runs = [call("GET", f"/dags/{SERIAL}/dagRuns/{of(result).receipt_id}") for result in results]
    started = [parse_datetime(run["start_date"]) for run in runs]
    assert started == sorted(started)  # type: ignore[type-var]  # all of them have started


def test_a_dag_with_a_schedule_is_triggered_as_others_are(act: Act, relay: Process) -> None:
    results = [act(DAILY) for _ in range(3)]
    wait_for_ends(results)

    assert are(results, attempts=1)


def test_a_run_that_a_person_ends_before_it_has_begun_has_failed(
    act: Act, relay: Process, call: Call
) -> None:
    call("PATCH", f"/dags/{PAUSED}", is_paused=True)
    result = act(PAUSED)
    wait_for(lambda: of(result).remote_state == RemoteState.RUNNING, "The delivery")
    call("PATCH", f"/dags/{PAUSED}/dagRuns/{of(result).receipt_id}", state="failed")
    wait_for(lambda: of(result).remote_state == RemoteState.FAILED, "The end")
    call("PATCH", f"/dags/{PAUSED}", is_paused=False)

    assert of(result).remote_failure is None


@pytest.mark.parametrize("character", ["x", "é", "\u4e16"])
def test_a_payload_up_to_the_limit_arrives_and_a_larger_one_is_refused_with_its_size(
    route: Route, client: AirflowClient, character: str
) -> None:
    """Sizes are those of UTF-8: what Airflow stores is what was sent."""
    publisher = publishers[ALIAS]
    assert isinstance(publisher, AirflowPublisher)
    text = character * (250_000 // len(character.encode()))
    receipt = publisher.publish(make_message(data={"text": text}, options={"dag_id": STEADY}))
    conf = client.get_conf(STEADY, receipt.id)
    assert conf is not None
    assert conf["data"] == {"text": text}
    for size in (300_000, 2_000_000):
        large = make_message(data={"text": "x" * size}, options={"dag_id": STEADY})
        with pytest.raises(PublishRejected, match=rf"{size // 1000}\d\d\d bytes"):
            publisher.publish(large)
