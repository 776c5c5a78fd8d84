"""The sensor, against a project on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from api_server import ApiServer, problem
from dj_actions_airflow_provider.airflow_compat import AirflowSkipException
from dj_actions_airflow_provider.api_requests import ActionCall
from dj_actions_airflow_provider.errors import DeliveryFailed, RequestFailed
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.sensors import DjActionSensor
from run_parts import EVENT_ID, TaskDeferred

Connect = Callable[..., None]
Context = dict[str, Any]

DEAD = {"publisher": "feeds", "state": "dead", "remote_state": "untracked", "errors": []}


def sensor(**changes: Any) -> DjActionSensor:
    """Return a sensor that polls at once and gives up soon."""
    own = {"task_id": "wait", "poke_interval": 0.01, "timeout": 1, "deferrable": False}
    return DjActionSensor(**{**own, **changes})


def remind(parent: str | None = None) -> str:
    """Run an action and return the id of its event."""
    call = ActionCall(resource="todo", action="remind", object_id=7, parent=parent)
    return DjActionsHook().run_action(call).event


def test_it_finds_an_event_by_filters(api: ApiServer, connect: Connect, context: Context) -> None:
    event = remind(parent=EVENT_ID)
    found = sensor(resource="todo", object_id=7, parent=EVENT_ID).execute(context)

    assert found == event
    assert api.requests[-1].query == {
        "resource": ["todo"],
        "object": ["7"],
        "parent": [EVENT_ID],
        "outcome": ["succeeded"],
        "page_size": ["1"],
    }
    assert context["ti"].pushed == {"dj_actions_event_url": f"{api.url}/api/action-events/{event}/"}


def test_it_finds_an_event_by_its_id(api: ApiServer, connect: Connect, context: Context) -> None:
    event = remind()

    assert sensor(event_id=event, until="succeeded").execute(context) == event


def test_it_waits_until_it_gives_up(api: ApiServer, connect: Connect, context: Context) -> None:
    with pytest.raises(Exception, match="Sensor has timed out"):
        sensor(action="remind").execute(context)
    assert len(api.requests) > 1


def test_older_events_do_not_count(connect: Connect, context: Context) -> None:
    remind()
    with pytest.raises(Exception, match="Sensor has timed out"):
        sensor(action="remind", since="2999-01-01T00:00:00Z").execute(context)


def test_what_cannot_come_about_fails_it(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    api.deliveries = [DEAD]
    event = remind()
    with pytest.raises(DeliveryFailed, match="The delivery to 'feeds' is dead"):
        sensor(event_id=event, until="delivered").execute(context)
    with pytest.raises(AirflowSkipException):
        sensor(event_id=event, until="delivered", soft_fail=True).execute(context)


def test_what_may_pass_is_left_to_the_retries_of_airflow(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    api.script(problem(503, "Restarting."))
    with pytest.raises(RequestFailed):
        sensor(action="remind").execute(context)


def test_it_waits_in_the_triggerer(api: ApiServer, connect: Connect, context: Context) -> None:
    task = sensor(action="remind", until="delivered", publisher="feeds", deferrable=True)
    with pytest.raises(TaskDeferred) as caught:
        task.execute(context)

    deferred = caught.value
    assert deferred.trigger.condition == task.condition
    assert deferred.timeout == timedelta(seconds=1)
    complete = getattr(task, deferred.method_name)
    assert complete(context, event={"status": "done", "event": EVENT_ID}) == EVENT_ID
    with pytest.raises(DeliveryFailed, match="is dead"):
        complete(context, event={"status": "failed", "message": "It is dead.", "event": None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Give the sensor either event_id, or some of resource"),
        ({"event_id": "1", "action": "remind"}, "Give the sensor either event_id, or some of"),
        ({"action": "remind", "until": "done"}, "'done' is none of"),
    ],
)
def test_what_was_written_wrongly_is_an_import_error(changes: Context, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sensor(**changes)
