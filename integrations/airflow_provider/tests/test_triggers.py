"""The trigger, in a real event loop, against a project on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from api_server import ApiServer, Reply, json_reply, problem
from dj_actions_airflow_provider.api_requests import ActionCall
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.triggers import ActionEventTrigger
from dj_actions_airflow_provider.waiting import Condition, Until

Connect = Callable[..., None]

PENDING = {"publisher": "feeds", "state": "pending", "remote_state": "untracked", "errors": []}


@pytest.fixture
def event(api: ApiServer, connect: Connect) -> dict[str, Any]:
    """An event with a delivery that waits."""
    api.deliveries = [PENDING]
    DjActionsHook().run_action(ActionCall(resource="todo", action="remind", object_id=7))
    return api.events[0]


def trigger_for(event_id: str | None = None, **changes: Any) -> ActionEventTrigger:
    """Return a trigger that polls at once."""
    condition = Condition(event_id=event_id, until=Until.DELIVERED, **changes)
    return ActionEventTrigger(
        dj_actions_conn_id="dj_actions_default", condition=condition, poll_interval=0.01
    )


def fired(trigger: ActionEventTrigger, between: Callable[[], None] | None = None) -> Any:
    """Run a trigger in an event loop and return the payload it has fired with.

    Args:
        trigger: the trigger.
        between: called when it has polled twice.
    """

    async def run() -> Any:
        events = trigger.run()
        task = asyncio.ensure_future(anext(events))
        if between:
            await asyncio.wait([task], timeout=0.1)
            assert not task.done()
            between()
        async with asyncio.timeout(5):
            payload = (await task).payload
        await events.aclose()
        return payload

    return asyncio.run(run())


def test_it_fires_when_the_event_has_come_far_enough(api: ApiServer, event: dict[str, Any]) -> None:
    def deliver() -> None:
        event["deliveries"][0]["state"] = "delivered"

    assert fired(trigger_for(event["id"]), deliver) == {"status": "done", "event": event["id"]}
    assert len(api.requests) > 2


def test_it_fires_for_the_newest_event_that_matches(event: dict[str, Any]) -> None:
    event["deliveries"][0]["state"] = "delivered"
    trigger = trigger_for(filters={"resource": "todo", "action": "remind"})

    assert fired(trigger) == {"status": "done", "event": event["id"]}


def test_it_fires_when_the_delivery_was_given_up(event: dict[str, Any]) -> None:
    event["deliveries"][0]["state"] = "dead"

    assert fired(trigger_for(event["id"])) == {
        "status": "failed",
        "message": "The delivery to 'feeds' is dead.",
        "event": event["id"],
    }


def test_it_polls_again_after_what_may_pass(api: ApiServer, event: dict[str, Any]) -> None:
    event["deliveries"][0]["state"] = "delivered"
    api.script(problem(503, "Restarting."), Reply(cut=True), json_reply([], 429))

    assert fired(trigger_for(event["id"]))["status"] == "done"


def test_it_fires_after_what_no_retry_changes(api: ApiServer, event: dict[str, Any]) -> None:
    api.script(problem(403, "Events are for staff."))
    payload = fired(trigger_for(event["id"]))

    assert payload["status"] == "failed"
    assert "Events are for staff." in payload["message"]


def test_it_survives_the_way_to_the_triggerer() -> None:
    trigger = trigger_for(filters={"action": "remind"}, since="2026-11-27T05:00:00Z")
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**arguments)

    assert again.serialize() == trigger.serialize()
    assert again.condition == trigger.condition
