"""A committed action wakes the relay; a relay without notifications polls."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, cast

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.doctor import State, Thresholds, examine
from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.operations import pause, replay, resume, retry
from dj_actions.outbox import wakeup
from dj_actions.outbox.notifications import listening, notify
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.relay import Relay
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning
from dj_actions.states import DeliveryState
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.fixtures.relay import Queue, running
from tests.integration.relay.proxy import connecting_through, database_proxy
from tests.integration.relay.scripted import accept, script
from tests.integration.relay.test_relay import delivered, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

NEVER = 3600
"""Seconds between two polls: deliveries before that were not found by polling."""


@pytest.fixture(autouse=True)
def routed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Route actions of todos to both publishers, in a process that has not notified yet."""
    entry = {**settings.DJ_ACTIONS["PUBLISHERS"]["first"], "ROUTES": ["todo.*"]}
    settings.DJ_ACTIONS = {
        **settings.DJ_ACTIONS,
        "PUBLISHERS": {"first": entry, "second": entry},
        "POLL_INTERVAL": NEVER,
    }
    monkeypatch.setattr(wakeup, "_notified_at", {})


@pytest.fixture
def todo() -> Todo:
    return Todo.objects.create(title="Water the plants", owner=User.objects.create_user("ann"))


def act(todo: Todo) -> None:
    MarkDone.run(actor=todo.owner, object=todo, data={})


@contextmanager
def notifications() -> Iterator[Callable[[], list[str]]]:
    """Listen, and yield a function that returns the publishers of the notifications."""
    with listening(using="default") as listener:

        def publishers() -> list[str]:
            # Notifications arrive in order: all earlier ones are here once this one is.
            notify(["the end"], using="default")
            found: list[str] = []
            for notification in listener.notifies(timeout=60):
                if notification.payload == "the end":
                    break
                found.append(notification.payload)
            return found

        yield publishers


def set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def seconds_to_rest(lane: Lane) -> float:
    return lane._polling.seconds(use_due_time=lane._can_use_due_time())


def has_delivered(count: int) -> bool:
    return delivered() == count


def listeners() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND query = 'LISTEN \"dj_actions\"'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def by_replay() -> None:
    Delivery.objects.update(state=DeliveryState.DEAD, settled_at=timezone.now())
    replay(Delivery.objects.all(), actor=None, reason="It works again.")


def by_retry() -> None:
    retry(Delivery.objects.all())


def by_resuming() -> None:
    pause("first", actor=None, reason="They are moving house.")
    Delivery.objects.update(available_at=timezone.now())
    resume("first", actor=None, reason="They are back.")


@contextmanager
def listening_relay(tuning: RelayTuning = DEFAULT_TUNING) -> Iterator[Relay]:
    with running(Relay(tuning=tuning)) as relay:
        wait_for(lambda: len(listeners()) == 1, "The relay's LISTEN")
        yield relay


def test_an_action_wakes_an_idle_relay(todo: Todo) -> None:
    with listening_relay():
        act(todo)
        wait_for(lambda: delivered() == delivered("second") == 1, "Both deliveries")


def test_once_woken_it_polls_often_for_longer_than_notifications_are_coalesced(todo: Todo) -> None:
    with listening_relay():
        for count in range(1, 6):
            act(todo)
            wait_for(partial(has_delivered, count), "A delivery whose notification was coalesced")


def test_an_idle_relay_stops_at_once() -> None:
    with listening_relay():
        pass  # `running` waits 20 seconds, and a poll is an hour away

    assert not listeners()


def test_a_rollback_sends_no_notification(todo: Todo) -> None:
    with notifications() as notified:
        with transaction.atomic():
            act(todo)
            transaction.set_rollback(True)
        assert notified() == []
        act(todo)
        assert sorted(notified()) == ["first", "second"]


def test_a_dry_run_sends_no_notification(todo: Todo) -> None:
    with notifications() as notified:
        MarkDone.run(actor=todo.owner, object=todo, data={}, dry_run=True)
        assert notified() == []


@pytest.mark.parametrize("operation", [by_replay, by_retry, by_resuming])
def test_an_operator_wakes_an_idle_relay(operation: Callable[[], object], queue: Queue) -> None:
    with listening_relay():
        queue(1, available_at=timezone.now() + timedelta(days=1))
        operation()
        wait_for(lambda: delivered() == 1, "The delivery")


def test_an_idle_relay_polls_when_a_delivery_is_due(todo: Todo, queue: Queue) -> None:
    with listening_relay(RelayTuning(busy_window=0.0)):
        queue(1, available_at=timezone.now() + timedelta(seconds=0.5))
        notify(["first"], using="default")
        wait_for(lambda: delivered() == 1, "The delivery that became due")


def test_a_delivery_without_a_notification_is_found_by_an_idle_lane(
    todo: Todo, settings: Settings
) -> None:
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["first"] | {"CONCURRENCY": 2}
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "PUBLISHERS": {"first": entry}}
    release = threading.Event()

    def let_the_first_wait(message: Message) -> Receipt:
        if message.id == script.seen[0].id:
            release.wait(20)
        return accept(message)

    script.behave = let_the_first_wait
    with listening_relay():
        try:
            act(todo)
            wait_for(lambda: len(script.seen) == 1, "The first message")
            act(todo)  # without a notification
            wait_for(lambda: delivered() == 1, "The second")
        finally:
            release.set()


def test_deliveries_released_by_a_stopping_relay_wake_another(queue: Queue) -> None:
    tuning = RelayTuning(notify_min_interval=0.0)
    release = threading.Event()

    def wait_for_release(message: Message) -> Receipt:
        release.wait(20)
        return accept(message)

    script.behave = wait_for_release
    queue(5)
    with running(Relay(tuning=tuning)) as stopping:
        wait_for(lambda: len(script.seen) == 1, "The first message")
        with running(Relay(tuning=tuning)):
            wait_for(lambda: len(listeners()) == 2, "Both relays' LISTEN")
            stopping.stop()
            release.set()
            wait_for(lambda: delivered() == 5, "The released deliveries")


def test_a_lane_with_slow_scans_does_not_query_the_due_time(
    settings: Settings, stopping: threading.Event, django_assert_num_queries: Any
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 1}
    lane = Lane("first", get_settings(), stopping, set_event())
    lane._claimer.position._whole.is_slow = True
    with django_assert_num_queries(0):
        assert seconds_to_rest(lane) == 1


@pytest.mark.parametrize(("lease", "expected"), [(60, 15), (24, 6), (8, 4)])
def test_it_rests_no_longer_than_the_rescue_interval(
    settings: Settings, stopping: threading.Event, lease: float, expected: float
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 4, "LEASE": lease}

    assert seconds_to_rest(Lane("first", get_settings(), stopping, set_event())) == expected


def test_an_idle_lane_that_receives_notifications_polls_rarely(
    settings: Settings, stopping: threading.Event, django_assert_num_queries: Any
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 1}
    listening = threading.Event()
    lane = Lane("first", get_settings(), stopping, listening)
    lane.run_once()  # with its periodic work
    with django_assert_num_queries(1):
        lane.run_once()
        assert seconds_to_rest(lane) == 1
    listening.set()
    with django_assert_num_queries(2):
        lane.run_once()
        assert seconds_to_rest(lane) == 5


def test_a_lane_of_a_paused_publisher_polls_as_often_as_usual(
    queue: Queue, settings: Settings, stopping: threading.Event
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 1}
    pause("first", actor=None, reason="They are moving house.")
    queue()
    lane = Lane("first", get_settings(), stopping, set_event())

    assert not lane.run_once()
    assert seconds_to_rest(lane) == 1


def test_a_process_coalesces_notifications(todo: Todo, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("dj_actions.outbox.wakeup.time.monotonic", lambda: now)
    with notifications() as notified:
        for _ in range(10):
            act(todo)
        assert sorted(notified()) == ["first", "second"]
        now += wakeup.NOTIFY_MIN_INTERVAL
        act(todo)
        assert sorted(notified()) == ["first", "second"]


def test_a_notification_is_not_counted_as_a_query(
    todo: Todo, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(todo)
    with notifications() as notified:
        # The actor, the object, its update, the record; and what begins and ends the transaction.
        with django_assert_num_queries(6):
            act(todo)
        assert notified() == []
        monkeypatch.setattr(wakeup, "_notified_at", {})
        with django_assert_num_queries(6):
            act(todo)
        assert sorted(notified()) == ["first", "second"]


def test_it_can_be_switched_off(todo: Todo, settings: Settings) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "NOTIFY": False, "POLL_INTERVAL": 0.02}
    with notifications() as notified, running(Relay()):
        act(todo)
        wait_for(lambda: delivered() == 1, "A delivery found by polling")
        assert notified() == []
        assert len(listeners()) == 1  # the connection of this test


def test_an_action_whose_notification_fails_has_happened_anyway(
    todo: Todo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("The connection is gone.")

    monkeypatch.setattr(wakeup, "notify", fail)
    act(todo)

    assert Todo.objects.get().done
    assert "Could not notify relays" in caplog.text
    assert "The connection is gone." in caplog.text


def test_it_listens_again_after_its_connection_was_cut(
    todo: Todo, caplog: pytest.LogCaptureFixture
) -> None:
    with listening_relay():
        (first,) = listeners()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [first])
        wait_for(lambda: listeners() not in ([], [first]), "Another LISTEN")
        act(todo)
        wait_for(lambda: delivered() == 1, "The delivery")
    assert "The relay could not listen for new deliveries" in caplog.text
    assert "The relay can listen for new deliveries again." in caplog.text


def test_deliveries_queued_while_it_did_not_listen_are_found_once_it_does(
    todo: Todo, queue: Queue
) -> None:
    with listening_relay(RelayTuning(busy_window=0.0)):
        queue()  # without a notification
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", listeners())
        wait_for(lambda: delivered() == 1, "The delivery queued meanwhile")


def test_a_lane_woken_without_work_rests_again(lane: Lane) -> None:
    lane.wake()

    assert seconds_to_rest(lane) == NEVER


def test_a_connection_that_fails_to_notify_is_not_used_again(todo: Todo) -> None:
    cast("Any", connection).connection.close()
    try:
        with pytest.raises(OperationalError):
            notify(["first"], using="default")
        assert connection.errors_occurred
    finally:
        connection.close()


def test_within_the_transaction_of_a_test_nothing_is_notified(
    todo: Todo, django_capture_on_commit_callbacks: Any
) -> None:
    with notifications() as notified, transaction.atomic():
        with django_capture_on_commit_callbacks(execute=True):
            act(todo)
        transaction.set_rollback(True)
    with notifications() as notified:
        act(todo)
        assert sorted(notified()) == [
            "first",
            "second",
        ]  # not coalesced with earlier ones


def test_behind_a_pooler_that_drops_notifications_it_logs_so_and_polls(
    queue: Queue,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 0.02}
    with (
        database_proxy(drops_notifications=True) as proxy,
        connecting_through(proxy, monkeypatch),
        caplog.at_level(logging.WARNING),
        running(Relay(tuning=RelayTuning(notification_timeout=0.2))),
    ):
        wait_for(lambda: "pooler drops LISTEN notifications" in caplog.text, "The warning")
        queue(3)
        wait_for(lambda: delivered() == 3, "A delivery found by polling")
    assert not listeners()


def test_through_the_same_proxy_with_nothing_dropped_it_listens(
    todo: Todo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_proxy() as proxy, connecting_through(proxy, monkeypatch), listening_relay():
        act(todo)
        wait_for(lambda: delivered() == 1, "The delivery")


def test_without_psycopg_3_it_says_what_to_install_and_polls(
    queue: Queue,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 0.02}
    monkeypatch.setitem(sys.modules, "psycopg", None)  # an import of it fails
    assert "dj_actions.W010" in {found.id for found in run_checks(tags=["dj_actions"])}
    advice = [found for found in examine(Thresholds()) if "psycopg" in found.message + found.fix]
    with running(Relay()):
        queue(3)
        wait_for(lambda: delivered() == 3, "A delivery found by polling")
    assert caplog.text.count("Notifications need psycopg 3") == 1
    assert "Traceback" not in caplog.text
    assert [(found.check, found.state) for found in advice] == [("settings", State.WARNING)]

    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "NOTIFY": False}
    assert run_checks(tags=["dj_actions"]) == []
