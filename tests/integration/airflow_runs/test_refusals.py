"""What Airflow refuses, and what makes no sense: nothing is done, and the outcome says why."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_airflow import runs

from dj_actions.exceptions import InvalidAction
from dj_actions.models import Delivery
from dj_actions.publishers import OperationStatus
from tests.fixtures.scripted_server import Answer, Fault, Request, as_json, as_page
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun
from tests.integration.airflow_runs.operations import (
    VERBS,
    WHO_AND_WHY,
    changes,
    each_verb,
    records,
    run_of,
    statuses,
)

pytestmark = pytest.mark.django_db


def fail_when_changing(
    destination: AirflowDestination, monkeypatch: pytest.MonkeyPatch, step: Answer | Fault
) -> None:
    """Let each request that changes something end like this."""

    def next_fault(request: Request) -> Answer | Fault | None:
        is_change = request.method != "GET" and request.path != "/auth/token"
        return step if is_change else None

    monkeypatch.setattr(destination.server, "next_fault", next_fault)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_has_not_ended_is_not_rerun(
    make_run: MakeRun, pipelines: AirflowDestination, state: str
) -> None:
    (outcome,) = runs.rerun([make_run(state)], **WHO_AND_WHY)

    assert outcome.status == OperationStatus.SKIPPED
    assert f"It is {state}" in outcome.message
    assert changes(pipelines) == []


def test_only_failed_tasks_of_a_run_without_any_are_refused_with_its_state(
    make_run: MakeRun,
) -> None:
    (outcome,) = runs.rerun([make_run("success")], **WHO_AND_WHY, only_failed=True)

    assert outcome.status == OperationStatus.FAILED
    assert "no failed task" in outcome.message
    assert "it is success" in outcome.message
    assert [event.status_code for event in records()] == [202, 409]


def test_a_mark_or_note_that_is_there_is_left(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    delivery = make_run("failed")
    run_of(pipelines, delivery)["note"] = "x"
    outcomes = (
        *runs.mark([delivery], "failed", **WHO_AND_WHY),
        *runs.note([delivery], "x", actor=None),
        *runs.unpause([delivery], actor=None),
    )

    assert statuses(outcomes) == ["skipped"] * 3
    assert changes(pipelines) == []
    assert records() == []


@pytest.mark.parametrize("state", ["running", "lost", "", "success"])
def test_a_run_cannot_be_marked_as_something_else(make_run: MakeRun, state: str) -> None:
    with pytest.raises(InvalidAction, match="'succeeded' or 'failed'"):
        runs.mark([make_run()], state, **WHO_AND_WHY)


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001])
def test_a_note_that_airflow_would_refuse_is_refused(make_run: MakeRun, text: str) -> None:
    with pytest.raises(InvalidAction, match="1000"):
        runs.note([make_run()], text, actor=None)


@pytest.mark.parametrize("conf", [["x"], "x", {1: "x"}, {"x": object()}])
def test_a_conf_that_is_not_an_object_is_refused(make_run: MakeRun, conf: Any) -> None:
    with pytest.raises(InvalidAction, match="conf is not"):
        runs.trigger([make_run()], conf, **WHO_AND_WHY)


@pytest.mark.parametrize("value", ["a\0b", float("nan"), "\ud800"])
def test_a_conf_that_cannot_be_stored_is_refused_before_airflow_has_it(
    make_run: MakeRun, pipelines: AirflowDestination, value: Any
) -> None:
    with pytest.raises(InvalidAction, match=r"conf|airflow_run"):
        runs.trigger([make_run()], {"x": value}, **WHO_AND_WHY)
    assert changes(pipelines) == []


def test_a_conf_that_is_too_large_is_refused_with_the_sizes(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    (outcome,) = runs.trigger([make_run()], {"x": "y" * 300_000}, **WHO_AND_WHY)

    assert outcome.status == OperationStatus.FAILED
    assert "262144" in outcome.message
    assert changes(pipelines) == []


@each_verb
def test_what_a_server_does_not_know_is_refused_with_its_version(
    make_run: MakeRun,
    pipelines: AirflowDestination,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    pipelines.version, pipelines.paused = "3.0.6", {"reports"}
    delivery = make_run()
    fail_when_changing(pipelines, monkeypatch, as_json({"detail": "Method Not Allowed"}, 405))
    (outcome,) = VERBS[verb]([delivery], **WHO_AND_WHY)

    assert outcome.status == OperationStatus.FAILED
    assert "405" in outcome.message
    assert "Airflow 3.0.6" in outcome.message
    assert records()[-1].status_code >= 400
    assert Delivery.objects.get().receipt_id == delivery.receipt_id


def test_a_run_that_is_gone_is_named(make_run: MakeRun, pipelines: AirflowDestination) -> None:
    delivery = make_run()
    pipelines.runs.clear()
    (outcome,) = runs.rerun([delivery], **WHO_AND_WHY)

    assert outcome.status == OperationStatus.FAILED
    assert f"{delivery.receipt_id}` was not found" in outcome.message


@pytest.mark.parametrize("value", ["a\0b", "\ud800", ["x"], {"x": {}}, 7, None, "x" * 5000])
@each_verb
def test_whatever_the_server_says_about_a_run_can_be_recorded(
    make_run: MakeRun, pipelines: AirflowDestination, verb: str, value: Any
) -> None:
    delivery = make_run()
    pipelines.paused = {"reports"}
    run_of(pipelines, delivery).update(state=value, note=value, conf=value)
    VERBS[verb]([delivery], **WHO_AND_WHY)

    assert records()[0].status_code == 202
    assert records()[1].parent_id == records()[0].pk


@pytest.mark.parametrize("step", [Fault.LOSE, Fault.CUT, as_page(502), as_page(200)])
@pytest.mark.parametrize("verb", ["rerun", "mark", "note", "unpause"])
def test_a_lost_response_is_recorded_as_unknown(
    make_run: MakeRun,
    pipelines: AirflowDestination,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    step: Answer | Fault,
) -> None:
    delivery = make_run()
    pipelines.paused = {"reports"}
    fail_when_changing(pipelines, monkeypatch, step)
    (outcome,) = VERBS[verb]([delivery], **WHO_AND_WHY)

    assert outcome.status == OperationStatus.UNKNOWN
    assert [event.status_code for event in records()] == [202, 504]


@pytest.mark.parametrize(
    ("step", "status"), [(Fault.LOSE, "done"), (Fault.CUT, "unknown"), (as_page(502), "unknown")]
)
def test_whether_a_run_was_triggered_is_found_out_if_the_response_is_lost(
    make_run: MakeRun,
    pipelines: AirflowDestination,
    monkeypatch: pytest.MonkeyPatch,
    step: Answer | Fault,
    status: str,
) -> None:
    delivery = make_run()
    fail_when_changing(pipelines, monkeypatch, step)
    outcomes = runs.trigger([delivery], {"x": 1}, **WHO_AND_WHY)

    delivery.refresh_from_db()
    assert statuses(outcomes) == [status]
    assert len(pipelines.runs) == (2 if status == "done" else 1)
    assert run_of(pipelines, delivery)["conf"].get("x") == (1 if status == "done" else None)


def test_a_server_that_does_not_respond_is_not_asked_for_every_run(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    chosen = [make_run() for _ in range(6)]
    pipelines.server.script(*[as_page(503)] * 20, at="/dagRuns")
    outcomes = runs.rerun(chosen, **WHO_AND_WHY)

    assert statuses(outcomes) == ["failed"] * 3 + ["skipped"] * 3
    assert pipelines.server.count("GET", "/dagRuns") == 3
    assert records() == []


def test_one_refused_run_does_not_keep_others_from_being_rerun(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    chosen = [make_run("failed"), make_run("running"), make_run("failed"), make_run("failed")]
    del pipelines.runs["reports", chosen[2].receipt_id]
    outcomes = runs.rerun(chosen, **WHO_AND_WHY)

    assert statuses(outcomes) == ["done", "skipped", "failed", "done"]
