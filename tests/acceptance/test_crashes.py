"""Relays that die, and what their destinations hold afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dj_actions.execution.call import ActionResult
from dj_actions.states import DeliveryState, RemoteState
from example.demo.destinations import Feeds, Runs
from example.launch.stack import Stack
from tests.acceptance.conftest import StartRelay, delivery, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow]

Act = Callable[..., ActionResult]


def die_between_send_and_settle(start_relay: StartRelay, marker: Path, publisher: str) -> None:
    """Run a relay that is killed after the destination has responded."""
    relay = start_relay(f"--publisher={publisher}", TEST_KILL_ONCE=str(marker), RELAY_LEASE="1")
    assert relay.wait(timeout=60) == -signal.SIGKILL


def test_a_relay_killed_between_send_and_settle_leads_to_one_activity(
    stack: Stack, act: Act, start_relay: StartRelay, tmp_path: Path
) -> None:
    result = act()
    die_between_send_and_settle(start_relay, tmp_path / "killed", "feeds")
    assert delivery(result, "feeds").state == DeliveryState.SENDING
    assert shown(stack, result) == 1
    start_relay("--publisher=feeds", RELAY_LEASE="1")
    wait_for(lambda: delivery(result, "feeds").state == DeliveryState.DELIVERED, "The rescue")
    assert delivery(result, "feeds").attempts == 2
    assert shown(stack, result) == 1


def test_a_relay_killed_between_send_and_settle_leads_to_one_dag_run(
    stack: Stack, act: Act, start_relay: StartRelay, tmp_path: Path
) -> None:
    result = act()
    die_between_send_and_settle(start_relay, tmp_path / "killed", "pipelines")
    assert delivery(result, "pipelines").state == DeliveryState.SENDING
    start_relay("--publisher=pipelines", RELAY_LEASE="1")
    wait_for(
        lambda: delivery(result, "pipelines").remote_state == RemoteState.SUCCEEDED,
        "The end of the run",
    )
    run_id = f"djactions-{result.event.pk}"
    assert Runs(stack).of("todo_completed")[run_id] == "success"
    assert list(Runs(stack).of("todo_completed")).count(run_id) == 1


def shown(stack: Stack, result: ActionResult) -> int:
    """Count the activities of an action in its feed."""
    activities = Feeds(stack).activities(f"user:{result.event.actor_id}")
    foreign_ids = [activity["foreign_id"] for activity in activities]
    return foreign_ids.count(f"djactions:{result.event.pk}")
