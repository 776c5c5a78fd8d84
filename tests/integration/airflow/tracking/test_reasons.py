"""Why a run has failed or does not advance, and what it has returned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher

from dj_actions.messages import Receipt, RemoteFailure, RemoteRun
from dj_actions.states import RemoteState
from tests.fixtures.destinations import serve
from tests.fixtures.scripted_server import Step, as_json, as_page
from tests.fixtures.unbounded import TOO_LARGE
from tests.integration.airflow.tracked_destination import TrackedAirflow

RUN = "djactions-00000000-0000-4000-8000-000000000001"
LOG: list[Any] = [
    {"event": "::group::Log message source details", "level": None},
    {"event": "Filling up the DagBag", "level": "info", "timestamp": "2026-01-02T03:04:05Z"},
    {"event": "::endgroup::"},
    {
        "event": "Task failed with exception",
        "level": "error",
        "error_detail": [
            {"exc_type": "ValueError", "exc_value": "no such todo\nat all", "frames": []},
            {"exc_type": "KeyError", "exc_value": "'todo'", "frames": []},
        ],
    },
]


@pytest.fixture
def airflow(direct_connections: None) -> Iterator[TrackedAirflow]:
    yield from serve(TrackedAirflow())


@pytest.fixture
def publisher(airflow: TrackedAirflow) -> AirflowPublisher:
    return airflow.make(public_url="https://airflow.example.org/")


def state_of(publisher: AirflowPublisher, **options: Any) -> RemoteRun:
    (run,) = publisher.track([Receipt(id=RUN, scope="reports", tracked=True, options=options)])
    return run


def test_a_failed_run_says_which_task_and_why(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.fail_task(RUN, try_number=2)
    airflow.logs[RUN, "write_report", 2] = LOG
    run = state_of(publisher)

    assert (run.state, run.detail, run.duration) == (RemoteState.FAILED, "failed", 7.0)
    assert run.failure == RemoteFailure(
        task="write_report",
        exception="ValueError: no such todo",
        log=("[info] Filling up the DagBag", "[error] Task failed with exception"),
        try_number=2,
        url=f"https://airflow.example.org/dags/reports/runs/{RUN}/tasks/write_report",
    )
    assert run.failure.summary == "write_report: ValueError: no such todo"


def test_the_first_of_several_failed_tasks_is_the_reason(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.fail_task(RUN, task="second")
    airflow.now -= timedelta(seconds=5)
    airflow.fail_task(RUN, task="group.first", map_index=3)
    failure = state_of(publisher).failure

    assert failure
    assert (failure.task, failure.map_index) == ("group.first", 3)
    assert failure.summary == "group.first[3]"


def test_a_log_of_plain_lines_is_read(airflow: TrackedAirflow, publisher: AirflowPublisher) -> None:
    airflow.fail_task(RUN)
    airflow.logs[RUN, "write_report", 1] = [f"line {number}" for number in range(100)]
    failure = state_of(publisher).failure

    assert failure
    assert failure.log == tuple(f"line {number}" for number in range(80, 100))
    assert failure.exception == ""


def test_a_run_that_was_marked_as_failed_has_no_reason(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.change("reports", RUN, "failed")

    assert state_of(publisher).failure is None


@pytest.mark.parametrize(
    "step",
    [
        as_json({"detail": "Forbidden"}, 403),
        as_page(503),
        as_json({"content": 7}),
        TOO_LARGE["a gzip bomb"],
    ],
)
@pytest.mark.parametrize("path", ["/taskInstances", "/logs/"])
def test_what_cannot_be_read_does_not_hide_the_state(
    airflow: TrackedAirflow, publisher: AirflowPublisher, path: str, step: Step
) -> None:
    airflow.fail_task(RUN)
    airflow.server.script(step, at=path)
    run = state_of(publisher)

    assert run.state == RemoteState.FAILED
    assert (run.failure.task if run.failure else "") == ("write_report" if path == "/logs/" else "")


def test_a_reason_is_read_once(airflow: TrackedAirflow, publisher: AirflowPublisher) -> None:
    airflow.fail_task(RUN)
    airflow.logs[RUN, "write_report", 1] = LOG
    first, second = state_of(publisher), state_of(publisher)

    assert first == second
    assert airflow.server.count("GET", "/logs/") == 1


def test_the_return_value_of_a_task_is_the_result(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.change("reports", RUN, "success")
    airflow.results[RUN, "write_report"] = {"lines": 3}

    assert state_of(publisher).result is None
    assert state_of(publisher, result_task="write_report").result == {"lines": 3}
    assert state_of(publisher, result_task="another").result is None
    everywhere = airflow.make(result_task="write_report")
    assert state_of(everywhere).result == {"lines": 3}


@pytest.mark.parametrize(
    ("dag", "hint"),
    [
        ({"is_paused": True}, "DAG 'reports' is paused."),
        ({"has_import_errors": True}, "The file of DAG 'reports' has an import error."),
        ({"is_stale": True}, "DAG 'reports' is not in its file any more."),
        (
            {"is_stale": True, "is_paused": True},
            "DAG 'reports' is not in its file any more.",
        ),
        (
            {"max_active_runs": 1},
            "DAG 'reports' runs 1 at a time, its max_active_runs; this one waits.",
        ),
        ({}, ""),
    ],
)
def test_a_queued_run_says_why_it_waits(
    airflow: TrackedAirflow, publisher: AirflowPublisher, dag: dict[str, Any], hint: str
) -> None:
    airflow.dags["reports"] |= dag
    airflow.change("reports", RUN, "queued")
    airflow.change("reports", "another", "running")

    assert state_of(publisher).hint == hint


def test_a_dag_that_is_gone_is_the_reason(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.change("reports", RUN, "queued")
    del airflow.dags["reports"]

    assert state_of(publisher).hint == "Airflow does not know DAG 'reports' any more."


def test_a_running_run_of_a_paused_dag_says_so(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.dags["reports"] |= {"is_paused": True, "max_active_runs": 1}
    airflow.change("reports", RUN, "running")

    assert state_of(publisher).hint == "DAG 'reports' is paused."


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_says_that_the_scheduler_does_not_work(
    airflow: TrackedAirflow, publisher: AirflowPublisher, state: str
) -> None:
    airflow.change("reports", RUN, state)
    airflow.health["scheduler"] = "unhealthy"

    assert state_of(publisher).hint == "Airflow's scheduler does not work: no task is started."


def test_a_health_that_is_hidden_is_no_reason(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.change("reports", RUN, "queued")
    airflow.server.script(as_page(404), at="/health")

    assert state_of(publisher) == RemoteRun(state=RemoteState.RUNNING, detail="queued")


def test_a_dag_is_read_once_for_many_runs(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    receipts = []
    for number in range(50):
        run_id = f"{RUN[:-2]}{number:02}"
        airflow.change("reports", run_id, "queued")
        receipts.append(Receipt(id=run_id, scope="reports", tracked=True))
    publisher.track(receipts)

    assert airflow.server.count("GET", "/details") == 1
    assert airflow.server.count("GET", "/health") == 1
    assert airflow.server.count("GET", "/dagRuns") == 2


def test_a_user_who_may_not_read_dags_still_gets_states(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.change("reports", RUN, "queued")
    airflow.server.script(as_json({"detail": "Forbidden"}, 403), at="/details")

    assert state_of(publisher) == RemoteRun(state=RemoteState.RUNNING, detail="queued")
