"""The operations on runs, from the pages of the console to a real Airflow and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from dj_actions_airflow import AirflowPublisher
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.execution.call import ActionResult
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import publishers
from dj_actions.states import RemoteState
from example.launch.stack import Stack
from tests.acceptance.conftest import StartRelay, delivery, wait_for
from tests.conftest import MakeUser

pytestmark = [pytest.mark.postgres, pytest.mark.airflow, pytest.mark.slow]

Act = Callable[..., ActionResult]

REASON = "it is mended"
VERBS = ("rerun", "mark", "note", "unpause", "trigger")
DAG = "/dags/todo_completed"


@pytest.fixture
def routed(stack: Stack, settings: Settings) -> Iterator[None]:
    """Let this process reach the Airflow to which the relay delivers."""
    admin = stack.airflow_settings.admin
    entry = {
        "BACKEND": "dj_actions_airflow.AirflowPublisher",
        "OPTIONS": {
            "base_url": stack.airflow_settings.base_url,
            "username": admin.username,
            "password": admin.password,
        },
        "ROUTES": {"todo.*": {"dag_id": "todo_completed"}},
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": entry}}
    yield
    publishers["pipelines"].close()


@pytest.fixture
def airflow(routed: None) -> Callable[..., Any]:
    """Return a function that sends a request to Airflow."""
    publisher = publishers["pipelines"]
    assert isinstance(publisher, AirflowPublisher)

    def call(method: str, path: str, **body: Any) -> Any:
        failure = "Airflow did not answer"
        return publisher.client().call(method, path, body=body or None, failure=failure)

    return call


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Somebody who acts on runs in the console, with the permissions for some operations."""

    name: str
    client: Client

    def offered(self) -> set[str]:
        """Return the operations that the list of runs offers."""
        page = self.client.get(reverse("dj_actions_console:runs")).content.decode()
        return {verb for verb in VERBS if f'formaction="{_url(verb)}"' in page}

    def submit(self, verb: str, step: str, row: Delivery, **fields: str) -> Any:
        """Send the form of an operation."""
        filled = {f"input-{name}": text for name, text in ({"reason": REASON} | fields).items()}
        form = {"selected": row.pk, "step": step, "key": uuid4().hex, **filled}
        return self.client.post(_url(verb), form)

    def run(self, verb: str, row: Delivery, *, plan: str, **fields: str) -> str:
        """Look at what would happen, which changes nothing; run it; return the record's words."""
        before = ActionEvent.objects.count()
        assert plan in _words(self.submit(verb, "preview", row, **fields))
        assert ActionEvent.objects.count() == before
        done = self.submit(verb, "run", row, **fields)
        record = _words(self.client.get(done.headers["Location"]))
        assert "Done for 1 of 1 delivery." in record
        self._expect_record(verb, row)
        return record

    def _expect_record(self, verb: str, row: Delivery) -> None:
        """Expect who did it and why, what Airflow responded, and a line in the timeline."""
        intent = ActionEvent.objects.filter(resource="airflow_run", action=verb).latest("pk")
        outcome = ActionEvent.objects.get(resource="airflow_run", parent=intent.pk)
        assert (intent.actor_label, intent.request_data["reason"]) == (self.name, REASON)
        assert intent.object_id == str(row.pk)
        assert (outcome.action, outcome.status_code) == (f"{verb}_outcome", 200)
        timeline = self.client.get(reverse("dj_actions_console:event", args=[row.event_id]))
        assert f"{self.name} ran airflow_run.{verb}" in _words(timeline)


@pytest.fixture
def operator_of(make_user: MakeUser) -> Callable[..., Operator]:
    """Return a function that logs in a member of the staff who may run some operations."""

    def operator_of(name: str, *verbs: str) -> Operator:
        user: User = make_user(name, is_staff=True)
        codenames = ["view_console", *(f"{verb}_airflowrun" for verb in verbs)]
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(user)
        return Operator(name=name, client=client)

    return operator_of


def _url(verb: str) -> str:
    return reverse("dj_actions_console:run_act", args=[f"airflow_{verb}"])


def _words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def of(result: ActionResult) -> Delivery:
    return delivery(result, "pipelines")


def wait_for_states(result: ActionResult, *states: RemoteState) -> Delivery:
    """Wait until the record has these as its ends, in this order."""

    def ends() -> list[str]:
        history = [entry["state"] for entry in of(result).remote_history]
        return [state for state in history if state != RemoteState.RUNNING]

    wait_for(lambda: ends() == list(states), f"The ends {states}")
    return of(result)


FAILED, SUCCEEDED = RemoteState.FAILED, RemoteState.SUCCEEDED


def test_what_is_done_in_the_console_is_done_in_airflow_recorded_and_followed(
    act: Act,
    start_relay: StartRelay,
    airflow: Callable[..., Any],
    operator_of: Callable[..., Operator],
) -> None:
    """One test: each operation finds what the earlier ones have left."""
    eve = operator_of("eve", *VERBS)
    good, bad = act(), act()
    # A bulk action, for a DAG that expects one object.
    ActionEvent.objects.filter(pk=bad.event.pk).update(object_id=None, object_ids=["1", "2"])
    start_relay("--publisher=pipelines")
    row = wait_for_states(good, SUCCEEDED)
    failed = wait_for_states(bad, FAILED)
    assert eve.offered() == set(VERBS)

    eve.run("mark", row, state="failed", plan="It is success, and would be marked as failed.")
    wait_for_states(good, SUCCEEDED, FAILED)
    eve.run("note", row, text="ask bob", plan="Its note would be replaced.")
    assert airflow("GET", f"{DAG}/dagRuns/{row.receipt_id}")["note"] == "ask bob"
    eve.run("rerun", row, plan="It is failed; all its tasks would run again.")
    wait_for_states(good, SUCCEEDED, FAILED, SUCCEEDED)

    plan = "It is failed; its failed tasks would run again."
    eve.run("rerun", failed, only_failed="on", plan=plan)
    wait_for_states(bad, FAILED, FAILED)
    conf = '{"object_id": "1", "object_ids": ["1"]}'
    record = eve.run("trigger", failed, conf=conf, plan="would be started.")
    again = wait_for_states(bad, FAILED, FAILED, SUCCEEDED)
    assert again.receipt_id.startswith(f"{failed.receipt_id}-again-")
    assert again.receipt_id in record
    assert airflow("GET", f"{DAG}/dagRuns/{failed.receipt_id}")["state"] == "failed"
    new = airflow("GET", f"{DAG}/dagRuns/{again.receipt_id}")
    assert (new["state"], new["note"], new["conf"]["object_ids"]) == ("success", REASON, ["1"])

    airflow("PATCH", DAG, is_paused=True)
    waiting = act()
    wait_for(lambda: of(waiting).remote_state == RemoteState.RUNNING, "The delivery")
    eve.run("unpause", of(waiting), plan="would be unpaused")
    wait_for_states(waiting, SUCCEEDED)


def test_each_operation_needs_its_own_permission(
    act: Act,
    start_relay: StartRelay,
    airflow: Callable[..., Any],
    operator_of: Callable[..., Operator],
) -> None:
    result = act()
    start_relay("--publisher=pipelines")
    row = wait_for_states(result, SUCCEEDED)
    run = f"{DAG}/dagRuns/{row.receipt_id}"
    before, recorded = airflow("GET", run), ActionEvent.objects.count()
    fields = {"state": "failed", "text": "no", "conf": "{}"}
    operators = {verb: operator_of(f"only-{verb}", verb) for verb in VERBS}
    for verb, operator in operators.items():
        assert operator.offered() == {verb}
        for other in sorted({*VERBS} - {verb}):
            for step in ("", "preview", "run"):
                assert operator.submit(other, step, row, **fields).status_code == 403
    assert (airflow("GET", run), ActionEvent.objects.count()) == (before, recorded)

    operators["note"].run("note", row, text="seen", plan="Its note would be replaced.")
    assert airflow("GET", run)["note"] == "seen"
