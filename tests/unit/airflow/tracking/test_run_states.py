"""What the states of runs mean for a delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow_client.client.models.dag_run_state import DagRunState
from dj_actions_airflow.tracking.run_states import (
    LOST_RUN,
    STATES,
    combined,
    listed_run,
    remote_run,
)

from dj_actions.messages import RemoteFailure, RemoteRun
from dj_actions.states import RemoteState

TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WHY = RemoteFailure(task="write_report")
RUNNING = RemoteRun(state=RemoteState.RUNNING, detail="queued", hint="It is paused.")
SUCCEEDED = RemoteRun(
    state=RemoteState.SUCCEEDED, detail="success", duration=3.0, ended_at=TIME, result=7
)
FAILED = RemoteRun(
    state=RemoteState.FAILED,
    detail="failed",
    duration=5.0,
    ended_at=TIME + timedelta(seconds=2),
    failure=WHY,
)
LOST = RemoteRun(state=RemoteState.LOST, detail="not found")


def test_every_state_of_the_client_is_mapped() -> None:
    assert {state.value for state in DagRunState} == STATES.keys(), "Map it in run_states.py."


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("queued", RemoteState.RUNNING),
        ("running", RemoteState.RUNNING),
        ("success", RemoteState.SUCCEEDED),
        ("failed", RemoteState.FAILED),
        ("a state of tomorrow", RemoteState.RUNNING),
    ],
)
def test_a_state_is_mapped_and_keeps_airflows_name(theirs: str, ours: RemoteState) -> None:
    run = remote_run(theirs)

    assert (run.state, run.detail) == (ours, theirs)


def test_a_run_that_is_gone_is_lost() -> None:
    assert LOST_RUN.state is RemoteState.LOST


def test_a_listed_end_has_its_time_and_duration() -> None:
    run = {"state": "failed", "end_date": "2026-01-02T03:04:05Z", "duration": 4}

    assert listed_run(run) == RemoteRun(
        state=RemoteState.FAILED, detail="failed", duration=4.0, ended_at=TIME
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"end_date": None, "duration": None},
        {"end_date": "soon", "duration": "long"},
        {"end_date": 7, "duration": float("nan")},
    ],
)
def test_a_listed_end_without_times_is_an_end(values: dict[str, Any]) -> None:
    assert listed_run({"state": "success", **values}) == RemoteRun(
        state=RemoteState.SUCCEEDED, detail="success"
    )


def test_one_run_stays_as_it_is() -> None:
    assert combined([FAILED]) is FAILED


def test_several_run_while_one_of_them_does() -> None:
    run = combined([FAILED, RUNNING, SUCCEEDED])

    assert (run.state, run.hint) == (RemoteState.RUNNING, "It is paused.")
    assert run.detail == "1 failed, 1 queued, 1 success"
    assert (run.failure, run.result, run.ended_at) == (None, None, None)


def test_several_have_failed_if_one_has() -> None:
    run = combined([SUCCEEDED, FAILED, LOST])

    assert (run.state, run.failure, run.duration) == (RemoteState.FAILED, WHY, 5.0)
    assert run.ended_at == FAILED.ended_at
    assert run.result == [7, None, None]


def test_several_are_lost_if_one_is_and_none_has_failed() -> None:
    assert combined([SUCCEEDED, LOST]).state == RemoteState.LOST


def test_several_have_succeeded_if_all_have() -> None:
    run = combined([SUCCEEDED, SUCCEEDED])

    assert (run.state, run.detail) == (RemoteState.SUCCEEDED, "2 success")
