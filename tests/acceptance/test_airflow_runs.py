"""Acting on runs in a real Airflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from dj_actions_airflow import AirflowPublisher, runs
from dj_actions_airflow.run_operations import requests
from django.utils import timezone
from pytest_django import Settings

from dj_actions.messages import Message, Receipt
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import OperationOutcome, OperationStatus, publishers
from dj_actions.states import RemoteState
from dj_actions.testing.contract import make_message
from example.launch.stack import Stack
from tests.acceptance.conftest import wait_for
from tests.conftest import MakeDelivery, MakeEvent

pytestmark = [pytest.mark.airflow, pytest.mark.postgres, pytest.mark.django_db]

DONE, FAILED = OperationStatus.DONE, OperationStatus.FAILED

Publish = Callable[[Message], Delivery]


@pytest.fixture
def publisher(stack: Stack, settings: Settings) -> Iterator[AirflowPublisher]:
    """The configured publisher `pipelines`."""
    admin = stack.airflow_settings.admin
    options = {
        "base_url": stack.airflow_settings.base_url,
        "username": admin.username,
        "password": admin.password,
        "dag_id": "todo_completed",
    }
    backend = "dj_actions_airflow.AirflowPublisher"
    settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": {"BACKEND": backend, "OPTIONS": options}}}
    configured = publishers["pipelines"]
    assert isinstance(configured, AirflowPublisher)
    yield configured
    configured.close()


@pytest.fixture
def publish(
    publisher: AirflowPublisher, make_event: MakeEvent, make_delivery: MakeDelivery
) -> Publish:
    """Return a function that triggers a run, and creates its delivery."""

    def publish(message: Message) -> Delivery:
        receipt = publisher.publish(message)
        return make_delivery(
            event=make_event(id=message.id),
            publisher="pipelines",
            state="delivered",
            settled_at=timezone.now(),
            receipt_id=receipt.id,
            receipt_scope=receipt.scope,
            remote_state=RemoteState.RUNNING,
            remote_check_at=timezone.now(),
        )

    return publish


def wait_for_end(publisher: AirflowPublisher, delivery: Delivery, state: RemoteState) -> None:
    """Wait until Airflow says that the run has ended like this."""
    delivery.refresh_from_db()
    receipt = Receipt(id=delivery.receipt_id, scope=delivery.receipt_scope, tracked=True)
    wait_for(lambda: publisher.track([receipt])[0].state == state, f"The run {state}")


def only(outcomes: tuple[OperationOutcome, ...]) -> OperationOutcome:
    (outcome,) = outcomes
    return outcome


def test_a_run_is_marked_and_annotated_and_rerun_to_its_end(
    publisher: AirflowPublisher, publish: Publish
) -> None:
    delivery = publish(make_message())
    wait_for_end(publisher, delivery, RemoteState.SUCCEEDED)

    refused = only(runs.rerun([delivery], actor=None, reason="x", only_failed=True))
    assert (refused.status, "no failed task" in refused.message) == (FAILED, True)
    marked = only(runs.mark([delivery], "failed", actor=None, reason="it is wrong"))
    assert marked.message == "It was success, and is failed now."
    wait_for_end(publisher, delivery, RemoteState.FAILED)
    assert only(runs.note([delivery], "once more", actor=None)).status == DONE
    assert only(runs.rerun([delivery], actor=None, reason="it is mended")).status == DONE
    wait_for_end(publisher, delivery, RemoteState.SUCCEEDED)

    run = requests.get_run(publisher.client(), delivery.receipt_scope, delivery.receipt_id)
    assert run["note"] == "once more"
    answers = ActionEvent.objects.filter(resource="airflow_run", parent__isnull=False)
    assert [event.status_code for event in answers.order_by("pk")] == [409, 200, 200, 200]


def test_a_run_that_fails_is_rerun_and_then_triggered_with_another_conf(
    publisher: AirflowPublisher, publish: Publish
) -> None:
    bulk_for_the_wrong_dag = make_message(object_id=None, object_ids=("1", "2"))
    delivery = publish(bulk_for_the_wrong_dag)
    wait_for_end(publisher, delivery, RemoteState.FAILED)

    again = only(runs.rerun([delivery], actor=None, reason="x", only_failed=True))
    assert (again.status, again.target) == (DONE, delivery.receipt_id)
    wait_for_end(publisher, delivery, RemoteState.FAILED)
    conf = {"object_id": "1", "object_ids": ["1"]}
    assert only(runs.trigger([delivery], conf, actor=None, reason="one object")).status == DONE
    assert delivery.receipt_id != Delivery.objects.get().receipt_id
    wait_for_end(publisher, delivery, RemoteState.SUCCEEDED)


def test_a_paused_dag_is_unpaused(publisher: AirflowPublisher, publish: Publish) -> None:
    publisher.client().call(
        "PATCH", "/dags/todos_completed", body={"is_paused": True}, failure="It was not paused"
    )
    bulk = make_message(object_id=None, object_ids=("1",), options={"dag_id": "todos_completed"})
    delivery = publish(bulk)
    refused = only(runs.rerun([delivery], actor=None, reason="x"))
    assert "It is queued" in refused.message

    assert only(runs.unpause([delivery], actor=None)).status == DONE
    wait_for_end(publisher, delivery, RemoteState.SUCCEEDED)
    assert only(runs.unpause([delivery], actor=None)).status == OperationStatus.SKIPPED


def test_a_user_who_may_only_read_is_refused_by_airflow(
    stack: Stack, publish: Publish, settings: Settings
) -> None:
    delivery = publish(make_message())
    viewer = stack.airflow_settings.viewer
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["pipelines"]
    credentials = {"username": viewer.username, "password": viewer.password}
    options = {**entry["OPTIONS"], **credentials}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": {**entry, "OPTIONS": options}}}
    outcome = only(runs.mark([delivery], "failed", actor=None, reason="x"))
    publishers["pipelines"].close()

    assert (outcome.status, "403" in outcome.message) == (FAILED, True)
