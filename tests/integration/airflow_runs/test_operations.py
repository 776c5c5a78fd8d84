"""What is done with runs, what is recorded of it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_airflow import runs
from dj_actions_airflow.routing.conversion import event_id_of
from dj_actions_airflow.run_operations import requests
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import OperationOutcome, OperationStatus
from tests.conftest import ClientOf
from tests.fixtures.scripted_server import Answer, Request
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

# Each operation


@pytest.mark.parametrize("only_failed", [False, True])
def test_a_run_is_rerun(
    make_run: MakeRun, pipelines: AirflowDestination, *, only_failed: bool
) -> None:
    delivery = make_run("failed")
    (outcome,) = runs.rerun([delivery], **WHO_AND_WHY, only_failed=only_failed)

    assert (outcome.delivery, outcome.status) == (delivery.pk, OperationStatus.DONE)
    assert outcome.target == delivery.receipt_id
    assert run_of(pipelines, delivery)["state"] == "queued"
    (request,) = changes(pipelines)
    assert request.path.endswith(f"/dags/reports/dagRuns/{delivery.receipt_id}/clear")
    assert request.body == {"dry_run": False, "only_failed": only_failed}


@pytest.mark.parametrize(("state", "in_airflow"), [("succeeded", "success"), ("failed", "failed")])
def test_a_run_is_marked(
    make_run: MakeRun, pipelines: AirflowDestination, state: str, in_airflow: str
) -> None:
    delivery = make_run("running")
    (outcome,) = runs.mark([delivery], state, **WHO_AND_WHY)

    assert outcome.status == OperationStatus.DONE
    assert run_of(pipelines, delivery)["state"] == in_airflow
    (request,) = changes(pipelines)
    assert (request.method, request.query) == ("PATCH", {"update_mask": ["state"]})


def test_a_note_replaces_the_earlier_one_which_is_recorded(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    delivery = make_run()
    run_of(pipelines, delivery)["note"] = "ann finished it"
    (outcome,) = runs.note([delivery], " ask bob ", actor=None)

    assert outcome.status == OperationStatus.DONE
    assert run_of(pipelines, delivery)["note"] == "ask bob"
    assert run_of(pipelines, delivery)["state"] == "failed"
    intent, _ = records()
    assert intent.request_data["note"] == "ask bob"
    assert intent.request_data["earlier_note"] == "ann finished it"


def test_a_dag_is_unpaused_once_for_all_of_its_runs(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    pipelines.paused = {"reports", "others"}
    chosen = [make_run("queued"), make_run("queued"), make_run("queued", dag_id="others")]
    outcomes = runs.unpause(chosen, actor=None)

    assert statuses(outcomes) == ["done"] * 3
    assert [outcome.delivery for outcome in outcomes] == [delivery.pk for delivery in chosen]
    assert pipelines.paused == set()
    assert len(changes(pipelines)) == 2
    assert not Delivery.objects.filter(remote_check_at__gt=timezone.now()).exists()


def test_another_run_is_triggered_for_the_same_event_and_followed(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    delivery = make_run("failed", conf={"id": "x", "data": {"size": 1}, "summary": "done"})
    earlier = delivery.receipt_id
    (outcome,) = runs.trigger([delivery], {"data": {"size": 2}}, **WHO_AND_WHY)

    delivery.refresh_from_db()
    assert outcome.status == OperationStatus.DONE
    assert delivery.receipt_id != earlier
    assert event_id_of(delivery.receipt_id) == str(delivery.event_id)
    assert delivery.receipt_url.endswith(f"/dags/reports/runs/{delivery.receipt_id}")
    assert (delivery.remote_state, delivery.remote_ended_at) == ("running", None)
    run = run_of(pipelines, delivery)
    assert run["conf"] == {"id": "x", "data": {"size": 2}, "summary": "done"}
    assert run["note"] == "the disk was full"
    assert pipelines.runs["reports", earlier]["state"] == "failed"
    intent, answer = records()
    assert intent.request_data["new_run"] == delivery.receipt_id
    assert (answer.response_data or {})["dag_run_id"] == delivery.receipt_id


def test_the_whole_conf_may_be_replaced_even_of_a_run_that_is_gone(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    delivery = make_run()
    pipelines.runs.clear()
    (outcome,) = runs.trigger([delivery], {"verb": "x"}, **WHO_AND_WHY)
    assert outcome.status == OperationStatus.SKIPPED
    assert "whole" in outcome.message

    (outcome,) = runs.trigger([delivery], {"verb": "x"}, **WHO_AND_WHY, replace=True)
    assert outcome.status == OperationStatus.DONE
    assert [run["conf"] for run in pipelines.runs.values()] == [{"verb": "x"}]


def test_a_delivery_that_has_another_receipt_by_then_keeps_it(
    make_run: MakeRun, pipelines: AirflowDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_run()

    def trigger_run(*_: Any, **__: Any) -> dict[str, Any]:
        Delivery.objects.update(receipt_id="another")
        return {}

    monkeypatch.setattr(requests, "trigger_run", trigger_run)
    (outcome,) = runs.trigger([delivery], {}, **WHO_AND_WHY)

    assert outcome.status == OperationStatus.DONE
    assert "does not follow" in outcome.message
    assert Delivery.objects.get().receipt_id == "another"


# The record


@each_verb
def test_each_act_is_recorded_before_and_after_with_user_and_reason(
    make_run: MakeRun, pipelines: AirflowDestination, admin: User, verb: str
) -> None:
    delivery = make_run("failed")
    pipelines.paused = {"reports"}
    VERBS[verb]([delivery], actor=admin, reason=" it was full ")

    intent, answer = records()
    assert (intent.label, answer.label) == (f"airflow_run.{verb}", f"airflow_run.{verb}_outcome")
    assert (intent.status_code, answer.status_code) == (202, 200)
    assert (intent.parent_id, answer.parent_id) == (None, intent.pk)
    assert {intent.object_id, answer.object_id} == {str(delivery.pk)}
    assert {intent.actor_label, answer.actor_label} == {"admin"}
    about = {
        "event": str(delivery.event_id),
        "publisher": "pipelines",
        "dag": "reports",
        "run": delivery.receipt_id,
    }
    assert intent.request_data.items() >= (about | {"reason": "it was full"}).items()
    assert answer.request_data == about
    response = answer.response_data or {}
    assert response["dag_id"] == "reports"
    assert "conf" not in response
    assert answer.summary


def test_what_was_done_with_a_run_is_listed_by_the_api(
    make_run: MakeRun, admin: User, client_of: ClientOf
) -> None:
    delivery, other = make_run(), make_run()
    runs.rerun([delivery, other], **WHO_AND_WHY)
    url = f"/api/action-events/?resource=airflow_run&object={delivery.pk}"
    page = client_of(admin).get(url).json()

    labels = [(entry["action"], entry["status_code"]) for entry in page["results"]]
    assert labels == [("rerun_outcome", 200), ("rerun", 202)]


def test_a_process_that_is_killed_in_between_leaves_what_it_was_about_to_do(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def be_killed(*_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(requests, "clear_run", be_killed)
    with pytest.raises(Killed):
        runs.rerun([make_run()], **WHO_AND_WHY)

    (intent,) = records()
    assert (intent.label, intent.status_code) == ("airflow_run.rerun", 202)


@pytest.mark.django_db(transaction=True)
def test_the_intent_is_committed_before_airflow_is_asked(
    make_run: MakeRun, pipelines: AirflowDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_run()
    seen: list[int] = []
    answer = pipelines.server.protocol

    def look_first(request: Request) -> Answer:
        """Read on the connection of the server's thread."""
        if request.path.endswith("/clear"):
            seen.append(ActionEvent.objects.filter(action="rerun").count())
            connection.close()
        return answer(request)

    monkeypatch.setattr(pipelines.server, "protocol", look_first)
    assert statuses(runs.rerun([delivery], **WHO_AND_WHY)) == ["done"]

    assert seen == [1]


@pytest.mark.django_db(transaction=True)
@each_verb
def test_nothing_is_done_in_an_open_transaction(
    make_run: MakeRun, pipelines: AirflowDestination, verb: str
) -> None:
    delivery = make_run()
    with pytest.raises(InvalidAction, match="transaction is open"), transaction.atomic():
        VERBS[verb]([delivery], **WHO_AND_WHY)

    assert pipelines.server.requests == []
    assert records() == []


def test_the_run_is_due_for_a_check_afterwards(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    delivery = make_run("running")
    runs.mark([delivery], "failed", **WHO_AND_WHY)

    assert [
        row.pk for row in Delivery.objects.claim_tracking("pipelines", limit=9, interval=1)
    ] == [delivery.pk]


def test_progress_is_reported_run_by_run(make_run: MakeRun) -> None:
    heard: list[OperationOutcome] = []
    outcomes = runs.rerun([make_run(), make_run()], **WHO_AND_WHY, on_outcome=heard.append)

    assert tuple(heard) == outcomes
