"""The operator, against a project on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from api_server import ApiServer, problem
from dj_actions_airflow_provider.airflow_compat import AirflowFailException, AirflowSkipException
from dj_actions_airflow_provider.errors import DeliveryFailed, RequestFailed, WaitTimeout
from dj_actions_airflow_provider.operators import DjActionOperator
from run_parts import EVENT_ID, RUN_ID, TaskDeferred, TaskInstance

Connect = Callable[..., None]
Context = dict[str, Any]

DELIVERED = {
    "publisher": "feeds", "state": "delivered", "remote_state": "untracked", "errors": [],
}  # fmt: skip
PENDING = {**DELIVERED, "state": "pending"}


def operator(**changes: Any) -> DjActionOperator:
    """Return a task that reminds, with changes."""
    own = {"task_id": "act", "resource": "todo", "action": "remind", "object_id": "7"}
    return DjActionOperator(**{**own, **changes})


def test_it_runs_the_action_and_leaves_a_link(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    returned = operator(data={"text": "x"}).execute(context)

    [event] = api.events
    assert returned["event"] == event["id"]
    assert returned["result"] == {"done": True}
    assert context["ti"].pushed == {
        "dj_actions_event_url": f"{api.url}/api/action-events/{event['id']}/"
    }


def test_the_event_of_the_run_is_the_parent(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    operator().execute(context)
    operator(parent="", idempotency_key="2").execute(context)
    operator(parent="0198c0de-0000-7000-8000-00000000000f", idempotency_key="3").execute(context)

    assert [event["parent"] for event in api.events] == [
        EVENT_ID, None, "0198c0de-0000-7000-8000-00000000000f",
    ]  # fmt: skip


def test_every_try_has_the_same_key(api: ApiServer, connect: Connect, context: Context) -> None:
    first = operator().execute(context)
    second = operator().execute({**context, "ti": TaskInstance(try_number=2)})

    assert api.requests[0].headers["idempotency-key"] == f"tidy/{RUN_ID}/act/-1"
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert len(api.events) == 1


def test_mapped_tasks_have_keys_of_their_own(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    for index in range(3):
        operator().execute({**context, "ti": TaskInstance(map_index=index)})

    assert len(api.events) == 3


def test_a_task_that_is_tried_with_other_input_is_told_so(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    operator(data={"text": "x"}).execute(context)
    with pytest.raises(AirflowFailException, match="was tried before with other input"):
        operator(data={"text": "y"}).execute(context)


def test_what_may_pass_is_left_to_the_retries_of_airflow(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    api.script(problem(503, "Restarting."))
    with pytest.raises(RequestFailed) as caught:
        operator().execute(context)

    assert not isinstance(caught.value, AirflowFailException)


def test_a_chain_that_is_too_long_is_not_tried_again(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    api.script(problem(409, "The chain is longer than 10 actions.", "chain_too_long"))
    with pytest.raises(AirflowFailException, match="longer than 10 actions"):
        operator().execute(context)


def test_nothing_to_act_on_skips_the_task(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    with pytest.raises(AirflowSkipException):
        operator(object_id=None, object_ids=[]).execute(context)

    assert api.requests == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"object_id": None, "object_ids": "['7', '8']"}, "not a list. Pass the output of a task"),
        ({"data": "text"}, "data is 'text', not a dictionary"),
        ({"object_id": None, "object_ids": [7], "data": {"ids": [8]}}, "Use only one"),
    ],
)
def test_what_was_rendered_wrongly_fails_the_task(
    connect: Connect, context: Context, changes: Context, message: str
) -> None:
    with pytest.raises(AirflowFailException, match=message):
        operator(**changes).execute(context)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"object_ids": [7]}, "object_id or object_ids, not both"),
        ({"wait_until": "done"}, "'done' is none of 'recorded', 'delivered', 'succeeded'"),
    ],
)
def test_what_was_written_wrongly_is_an_import_error(changes: Context, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        operator(**changes)


def test_its_arguments_are_templates(conf: Context) -> None:
    with DAG("tidy", schedule=None):
        task = operator(object_id="{{ dag_run.conf['object_id'] }}", data={"by": "{{ run_id }}"})
    task.render_template_fields({"run_id": RUN_ID, "dag_run": type("Run", (), {"conf": conf})})

    assert (task.object_id, task.data) == ("7", {"by": RUN_ID})


def test_it_waits_on_its_worker(api: ApiServer, connect: Connect, context: Context) -> None:
    api.deliveries = [DELIVERED]
    task = operator(wait_until="delivered", deferrable=False)

    assert task.execute(context)["event"] == api.events[0]["id"]


def test_it_stops_to_wait_when_the_delivery_was_given_up(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    api.deliveries = [{**PENDING, "state": "dead"}]
    with pytest.raises(DeliveryFailed, match="The delivery to 'feeds' is dead"):
        operator(wait_until="delivered", deferrable=False).execute(context)


def test_it_stops_to_wait_after_some_time(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    api.deliveries = [PENDING]
    task = operator(
        wait_until="delivered",
        deferrable=False,
        poll_interval=0.01,
        wait_timeout=timedelta(seconds=1),
    )
    with pytest.raises(WaitTimeout, match="is not delivered yet"):
        task.execute(context)
    assert len(api.requests) > 2


def test_it_waits_in_the_triggerer(api: ApiServer, connect: Connect, context: Context) -> None:
    task = operator(wait_until="succeeded", publisher="pipelines", deferrable=True)
    with pytest.raises(TaskDeferred) as caught:
        task.execute(context)

    deferred = caught.value
    assert deferred.trigger.condition.event_id == api.events[0]["id"]
    assert deferred.trigger.condition.publisher == "pipelines"
    assert deferred.timeout == timedelta(hours=1)
    complete = getattr(task, deferred.method_name)
    done = {"status": "done", "event": api.events[0]["id"]}
    assert complete(context, event=done, **deferred.kwargs)["result"] == {"done": True}
    failed = {"status": "failed", "message": "The run has failed.", "event": "1"}
    with pytest.raises(DeliveryFailed, match="The run has failed"):
        complete(context, event=failed, **deferred.kwargs)
