"""What is done with runs, what is recorded of it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dj_actions_airflow import runs
from dj_actions_airflow.routing.conversion import event_id_of
from dj_actions_airflow.run_operations import requests
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import OperationOutcome, OperationStatus
from tests.conftest import ClientOf, MakeDelivery, MakeUser
from tests.fixtures.scripted_server import Answer, Fault, Request, as_json, as_page
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

WHO_AND_WHY: dict[str, Any] = {"actor": None, "reason": "the disk was full"}

VERBS: dict[str, Callable[..., tuple[OperationOutcome, ...]]] = {
    "rerun": runs.rerun,
    "mark": lambda chosen, **options: runs.mark(chosen, "succeeded", **options),
    "note": lambda chosen, **options: runs.note(chosen, "looked at", **options),
    "unpause": runs.unpause,
    "trigger": lambda chosen, **options: runs.trigger(chosen, {"data": {}}, **options),
}
each_verb = pytest.mark.parametrize("verb", VERBS)


def records() -> list[ActionEvent]:
    return list(ActionEvent.objects.filter(resource="airflow_run").order_by("pk"))


def run_of(destination: AirflowDestination, delivery: Delivery) -> dict[str, Any]:
    return destination.runs[delivery.receipt_scope, delivery.receipt_id]


def changes(destination: AirflowDestination) -> list[Request]:
    """Return the requests that could have changed something."""
    sent = destination.server.requests
    return [entry for entry in sent if entry.method != "GET" and entry.path != "/auth/token"]


def statuses(outcomes: tuple[OperationOutcome, ...]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def fail_when_changing(
    destination: AirflowDestination, monkeypatch: pytest.MonkeyPatch, step: Answer | Fault
) -> None:
    """Let each request that changes something end like this."""

    def next_fault(request: Request) -> Answer | Fault | None:
        is_change = request.method != "GET" and request.path != "/auth/token"
        return step if is_change else None

    monkeypatch.setattr(destination.server, "next_fault", next_fault)


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


# What may be chosen


def test_deliveries_ids_and_query_sets_may_be_chosen(
    make_run: MakeRun, make_delivery: MakeDelivery
) -> None:
    first, second = make_run(), make_run()
    choices: list[Any] = [
        [second, first.pk],
        Delivery.objects.all(),
        Delivery.objects.order_by("-pk")[:2],
    ]
    for chosen in choices:
        outcomes = runs.note(chosen, "looked at", actor=None, dry_run=True)
        assert [outcome.delivery for outcome in outcomes] == [first.pk, second.pk]


def test_a_delivery_without_a_run_is_skipped_with_the_reason(
    make_delivery: MakeDelivery, pipelines: AirflowDestination
) -> None:
    chosen = [
        make_delivery(publisher="memory", **POSSIBLE["succeeded"]).pk,
        make_delivery(publisher="pipelines").pk,
        make_delivery(publisher="pipelines", **POSSIBLE["delivered, no receipt"]).pk,
        make_delivery(publisher="removed", **POSSIBLE["succeeded"]).pk,
    ]
    outcomes = runs.rerun([*chosen, 10**9], **WHO_AND_WHY)

    assert statuses(outcomes) == ["skipped"] * 5
    for outcome, word in zip(
        outcomes, ["'memory'", "pending", "No run", "'removed'", "no such delivery"], strict=True
    ):
        assert word in outcome.message
    assert pipelines.server.requests == []
    assert records() == []


@pytest.fixture
def of_two_runs(make_run: MakeRun, pipelines: AirflowDestination) -> Delivery:
    """A delivery whose message has started two runs."""
    delivery = make_run("failed")
    ids = [f"{delivery.receipt_id}-{suffix}" for suffix in ("0", "1")]
    for run_id in ids:
        pipelines.add_run("reports", run_id, {"id": run_id}, "failed")
    del pipelines.runs["reports", delivery.receipt_id]
    delivery.receipt_parts = [{"id": run_id, "scope": "reports", "url": ""} for run_id in ids]
    delivery.receipt_id = ids[0]
    delivery.save()
    return delivery


def test_all_runs_of_one_delivery_are_acted_on(
    of_two_runs: Delivery, pipelines: AirflowDestination
) -> None:
    outcomes = runs.rerun([of_two_runs], **WHO_AND_WHY)

    assert statuses(outcomes) == ["done"] * 2
    assert {outcome.delivery for outcome in outcomes} == {of_two_runs.pk}
    assert [run["state"] for run in pipelines.runs.values()] == ["queued"] * 2


def test_each_of_several_runs_is_followed_by_the_one_that_replaces_it(
    of_two_runs: Delivery, pipelines: AirflowDestination
) -> None:
    outcomes = runs.trigger([of_two_runs], {"x": 1}, **WHO_AND_WHY)

    assert statuses(outcomes) == ["done"] * 2
    of_two_runs.refresh_from_db()
    followed = [part["id"] for part in of_two_runs.receipt_parts]
    assert of_two_runs.receipt_id == followed[0]
    assert [pipelines.runs["reports", run_id]["conf"]["x"] for run_id in followed] == [1, 1]
    assert of_two_runs.remote_state == "running"


@each_verb
def test_a_dry_run_reads_and_changes_nothing(
    make_run: MakeRun, pipelines: AirflowDestination, verb: str
) -> None:
    delivery = make_run()
    pipelines.paused = {"reports"}
    before = dict(run_of(pipelines, delivery))
    (outcome,) = VERBS[verb]([delivery], actor=None, reason="", dry_run=True)

    assert outcome.status == OperationStatus.PLANNED
    assert changes(pipelines) == []
    assert (run_of(pipelines, delivery), records()) == (before, [])


@pytest.mark.parametrize("verb", ["rerun", "mark", "trigger"])
def test_without_a_reason_nothing_is_done(
    make_run: MakeRun, pipelines: AirflowDestination, verb: str
) -> None:
    with pytest.raises(InvalidAction, match="reason is empty"):
        VERBS[verb]([make_run()], actor=None, reason=" ")
    assert pipelines.server.requests == []


@each_verb
def test_each_operation_needs_its_own_permission(
    make_run: MakeRun, pipelines: AirflowDestination, make_user: MakeUser, verb: str
) -> None:
    delivery = make_run()
    pipelines.paused = {"reports"}
    own = Permission.objects.filter(codename=f"{verb}_airflowrun")
    others = Permission.objects.exclude(pk__in=own)
    assert own.count() == 1
    user, other = make_user("clerk"), make_user("other")
    user.user_permissions.set(own)
    other.user_permissions.set(others)

    with pytest.raises(PermissionDenied, match=rf"dj_actions_airflow\.{verb}_airflowrun"):
        VERBS[verb]([delivery], actor=other, reason="x")
    assert pipelines.server.requests == []
    assert statuses(VERBS[verb]([delivery], actor=user, reason="x")) == ["done"]


# What Airflow refuses, or what makes no sense


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
