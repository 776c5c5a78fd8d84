"""The Airflow publisher against a real Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from pytest_django import Settings

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured, PublishRejected
from dj_actions.messages import Message, Receipt
from dj_actions.states import RemoteState
from dj_actions.testing.contract import PublisherContract, make_message
from example.demo.destinations import Runs
from example.launch.stack import Stack
from tests.acceptance.conftest import wait_for

pytestmark = [pytest.mark.airflow, pytest.mark.postgres]


def publisher_of(stack: Stack, **options: Any) -> AirflowPublisher:
    """Make a publisher with the admin's credentials, or others."""
    admin = stack.airflow_settings.admin
    defaults = {
        "base_url": stack.airflow_settings.base_url,
        "username": admin.username,
        "password": admin.password,
        "dag_id": "todo_completed",
    }
    return AirflowPublisher(alias="pipelines", **defaults | options)


class TestContract(PublisherContract):
    """What every publisher must do."""

    @pytest.fixture(autouse=True)
    def on_stack(self, stack: Stack) -> Iterator[None]:
        """Keep the Airflow at hand, and close what was opened."""
        self.stack = stack
        self.opened: list[AirflowPublisher] = []
        yield
        for publisher in self.opened:
            publisher.close()

    def make_publisher(self) -> AirflowPublisher:
        """Make one for the sample DAGs."""
        self.opened.append(publisher_of(self.stack))
        return self.opened[-1]

    def make_message(self, **changes: Any) -> Message:
        """Send bulk messages to the DAG for many."""
        bulk = changes.get("object_id", "7") is None
        options = {"dag_id": "todos_completed" if bulk else "todo_completed"}
        return make_message(**{"options": options, **changes})

    def count_effects(self, message: Message) -> int:
        """Count the runs, in both DAGs."""
        runs = [*Runs(self.stack).of("todo_completed"), *Runs(self.stack).of("todos_completed")]
        return runs.count(f"djactions-{message.id}")


@pytest.fixture
def publisher(stack: Stack) -> Iterator[AirflowPublisher]:
    """A publisher that may trigger runs."""
    publisher = publisher_of(stack)
    yield publisher
    publisher.close()


def test_a_run_is_followed_to_its_end(publisher: AirflowPublisher) -> None:
    receipt = publisher.publish(make_message())
    wait_for(
        lambda: publisher.track([receipt])[0].state == RemoteState.SUCCEEDED, "The end of the run"
    )


def test_a_run_that_fails_and_one_that_succeeds_differ(
    publisher: AirflowPublisher,
) -> None:
    bulk_for_the_wrong_dag = make_message(object_id=None, object_ids=("1", "2"))
    receipt = publisher.publish(bulk_for_the_wrong_dag)
    wait_for(
        lambda: publisher.track([receipt])[0].state == RemoteState.FAILED, "The end of the run"
    )


def test_an_unknown_dag_is_named(publisher: AirflowPublisher) -> None:
    message = make_message(options={"dag_id": "no_such_dag"})
    with pytest.raises(DestinationNotFound, match="no_such_dag"):
        publisher.publish(message)


def test_params_that_the_dag_refuses_are_rejected_with_its_reason(
    publisher: AirflowPublisher,
) -> None:
    """Before it is asked, and with the words of its own library."""
    with pytest.raises(PublishRejected, match=r"param action: '' .*(short|non-empty)") as refused:
        publisher.publish(make_message(action=""))
    assert not refused.value.was_sent


def state_of(publisher: AirflowPublisher, receipt: Receipt) -> tuple[RemoteState, str]:
    """Return the state and the detail of the runs of a receipt."""
    (run,) = publisher.track([receipt])
    return run.state, run.detail


OWN = {
    "schema": 1,
    "id": "{id}",
    "resource": "{resource}",
    "action": "{data.verb}",
    "version": "{version}",
    "occurred_at": "{occurred_at}",
    "actor": None,
    "object_id": "{object}",
    "object_ids": "{object_ids}",
    "data": "{data}",
    "result": None,
    "summary": "from {actor.label}",
    "extra": {"verbs": ["{data.verb}"]},
    "traceparent": "",
}
"""Params of a DAG, one by one."""


def test_a_message_has_a_run_for_each_dag_and_each_chunk(
    stack: Stack, publisher: AirflowPublisher
) -> None:
    """One of the DAGs gets params of its own. All runs are waited for at once."""
    dags = {"dag_id": [{"dag_id": "todo_completed", "conf": OWN}, "todos_completed"]}
    chunks = {"dag_id": "todos_completed", "runs": "chunks", "chunk_size": 2}
    single = make_message(options=dags, data={"verb": "feed"})
    bulk = make_message(object_id=None, object_ids=("1", "2", "3"), options=chunks)
    receipts = [publisher.publish(message) for message in (single, bulk)]

    assert [publisher.publish(message) for message in (single, bulk)] == receipts
    ended = [(RemoteState.SUCCEEDED, "2 success")] * 2
    wait_for(
        lambda: [state_of(publisher, receipt) for receipt in receipts] == ended,
        "The end of the runs",
    )
    runs = Runs(stack)
    assert runs.report(receipts[0].id)["action"] == "feed"
    chunks_of_ids = [runs.report(part.id)["object_ids"] for part in receipts[1].parts]
    assert chunks_of_ids == [["1", "2"], ["3"]]


def test_a_run_may_wait(publisher: AirflowPublisher) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    message = make_message(options={"run_after": "{data.at}"}, data={"at": later})
    receipt = publisher.publish(message)

    assert state_of(publisher, receipt) == (RemoteState.RUNNING, "queued")
    path = f"/dags/{receipt.scope}/dagRuns/{receipt.id}"
    run = publisher._make_client().call("GET", path, failure="Airflow did not return the run")
    assert datetime.fromisoformat(run["run_after"]) == datetime.fromisoformat(later)


def test_what_airflow_says_against_routes(stack: Stack, settings: Settings) -> None:
    def found(route: dict[str, Any], **options: Any) -> list[str | None]:
        # The alias of `publisher_of`.
        entry = {"BACKEND": "dj_actions_airflow.AirflowPublisher", "ROUTES": {"todo.*": route}}
        settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": entry}}
        publisher = publisher_of(stack, **options)
        ids = [message.id for message in publisher.check_deployed()]
        publisher.close()
        return list(dict.fromkeys(ids))

    before = set(Runs(stack).of("todo_completed"))
    viewer = stack.airflow_settings.viewer
    credentials = {"username": viewer.username, "password": viewer.password}
    assert found({}) == []
    assert found({"dag_id": "no_such_dag"}) == ["dj_actions_airflow.E010"]
    assert found({"conf": "data"}) == ["dj_actions_airflow.E014"]
    assert found({}, **credentials) == ["dj_actions_airflow.E013"]
    assert set(Runs(stack).of("todo_completed")) == before


def test_a_wrong_password_is_a_fault_of_the_configuration(stack: Stack) -> None:
    publisher = publisher_of(stack, password="wrong")
    with pytest.raises(PublisherMisconfigured, match="refused the user 'admin'") as caught:
        publisher.publish(make_message())
    assert "wrong" not in str(caught.value).replace("Correct base_url", "")


def test_a_user_who_may_not_trigger_is_a_fault_of_the_configuration(stack: Stack) -> None:
    viewer = stack.airflow_settings.viewer
    publisher = publisher_of(stack, username=viewer.username, password=viewer.password)
    with pytest.raises(PublisherMisconfigured, match="403"):
        publisher.publish(make_message())
    publisher.close()


def test_the_links_of_receipts_use_the_public_address(stack: Stack) -> None:
    publisher = publisher_of(stack, public_url="https://airflow.example.org/")
    receipt: Receipt = publisher.publish(make_message())
    publisher.close()
    assert receipt.url == f"https://airflow.example.org/dags/todo_completed/runs/{receipt.id}"
