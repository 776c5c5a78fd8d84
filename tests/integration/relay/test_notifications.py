"""An action that has committed wakes the relay; a relay that hears nothing polls."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, cast

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.operations import pause, replay, resume, retry
from dj_actions.outbox import wakeup as announcing
from dj_actions.outbox.notifications import listening, notify
from dj_actions.relay.lane import Lane
from dj_actions.relay.relay import Relay
from dj_actions.states import DeliveryState
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import accept, script
from tests.integration.relay.test_relay import delivered, running, wait_for
from tests.integration.relay.wire import through, wire_to_database

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

NEVER = 3600
"""Seconds between two polls: what is delivered meanwhile was not found by polling."""


@pytest.fixture(autouse=True)
def routed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let todos' actions go to both publishers, from a process that has told nothing yet."""
    entry = {**settings.DJ_ACTIONS["PUBLISHERS"]["first"], "ROUTES": ["todo.*"]}
    settings.DJ_ACTIONS = {
        **settings.DJ_ACTIONS,
        "PUBLISHERS": {"first": entry, "second": entry},
        "POLL_INTERVAL": NEVER,
    }
    monkeypatch.setattr(announcing, "_told_at", {})


@pytest.fixture
def todo() -> Todo:
    return Todo.objects.create(title="Water the plants", owner=User.objects.create_user("ann"))


def act(todo: Todo) -> None:
    MarkDone.run(actor=todo.owner, object=todo, data={})


@contextmanager
def heard() -> Iterator[Callable[[], list[str]]]:
    """Listen, and yield what returns the publishers that were told of."""
    with listening(using="default") as listener:

        def publishers() -> list[str]:
            # A mark of our own: what was told before it has arrived with it.
            notify(["the end"], using="default")
            told: list[str] = []
            for notification in listener.notifies(timeout=60):
                if notification.payload == "the end":
                    break
                told.append(notification.payload)
            return told

        yield publishers


def set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


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
def listening_relay() -> Iterator[Relay]:
    with running(Relay()) as relay:
        wait_for(lambda: len(listeners()) == 1, "The relay's LISTEN")
        yield relay


def test_an_action_wakes_an_idle_relay(todo: Todo) -> None:
    with listening_relay():
        act(todo)
        wait_for(lambda: delivered() == delivered("second") == 1, "Both deliveries")


def test_once_woken_it_looks_often_for_longer_than_the_others_are_silent(todo: Todo) -> None:
    with listening_relay():
        for count in range(1, 6):
            act(todo)
            wait_for(partial(has_delivered, count), "What only the first told of")


def test_an_idle_relay_stops_at_once() -> None:
    with listening_relay():
        pass  # `running` waits 20 seconds, and a poll is an hour away

    assert not listeners()


def test_nobody_is_told_of_what_is_rolled_back(todo: Todo) -> None:
    with heard() as told:
        with transaction.atomic():
            act(todo)
            transaction.set_rollback(True)
        assert told() == []
        act(todo)
        assert sorted(told()) == ["first", "second"]


def test_nobody_is_told_of_a_dry_run(todo: Todo) -> None:
    with heard() as told:
        MarkDone.run(actor=todo.owner, object=todo, data={}, dry_run=True)
        assert told() == []


@pytest.mark.parametrize("by_hand", [by_replay, by_retry, by_resuming])
def test_a_person_wakes_an_idle_relay(by_hand: Callable[[], object], queue: Queue) -> None:
    with listening_relay():
        queue(1, available_at=timezone.now() + timedelta(days=1))
        by_hand()
        wait_for(lambda: delivered() == 1, "What a person wants to be sent")


def test_an_idle_relay_is_there_when_something_is_due(
    todo: Todo, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions.relay.lane.LIVELY", 0.0)
    with listening_relay():
        queue(1, available_at=timezone.now() + timedelta(seconds=0.5))
        notify(["first"], using="default")
        wait_for(lambda: delivered() == 1, "What has become due")


def test_what_follows_silently_is_found_by_a_lane_that_found_nothing(
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
            act(todo)  # and nobody is told
            wait_for(lambda: delivered() == 1, "The second")
        finally:
            release.set()


def test_what_a_stopping_relay_gives_back_wakes_another(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions.relay.lane.SILENCE", 0.0)
    release = threading.Event()

    def wait_for_release(message: Message) -> Receipt:
        release.wait(20)
        return accept(message)

    script.behave = wait_for_release
    queue(5)
    with running(Relay()) as stopping:
        wait_for(lambda: len(script.seen) == 1, "The first message")
        with running(Relay()):
            wait_for(lambda: len(listeners()) == 2, "Both relays' LISTEN")
            stopping.stop()
            release.set()
            wait_for(lambda: delivered() == 5, "What was given back")


def test_where_dead_entries_are_many_a_lane_does_not_ask_what_is_due(
    settings: Settings, stopping: threading.Event, django_assert_num_queries: Any
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 1}
    lane = Lane("first", get_settings(), stopping, set_event())
    lane._is_start_slow = True
    with django_assert_num_queries(0):
        assert lane._pause() == 1


@pytest.mark.parametrize(("lease", "expected"), [(60, 15), (24, 6), (8, 4)])
def test_it_rests_no_longer_than_until_leases_may_have_ended(
    settings: Settings, stopping: threading.Event, lease: float, expected: float
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 4, "LEASE": lease}

    assert Lane("first", get_settings(), stopping, set_event())._pause() == expected


def test_a_lane_without_work_that_is_told_of_new_work_looks_seldom(
    settings: Settings, stopping: threading.Event, django_assert_num_queries: Any
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 1}
    hearing = threading.Event()
    lane = Lane("first", get_settings(), stopping, hearing)
    lane.run_once()  # and what is done now and then
    with django_assert_num_queries(1):
        lane.run_once()
        assert lane._pause() == 1
    hearing.set()
    with django_assert_num_queries(2):
        lane.run_once()
        assert lane._pause() == 5


def test_a_lane_that_may_not_send_what_is_due_looks_as_often_as_usual(
    queue: Queue, settings: Settings, stopping: threading.Event
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 1}
    pause("first", actor=None, reason="They are moving house.")
    queue()
    lane = Lane("first", get_settings(), stopping, set_event())

    assert not lane.run_once()
    assert lane._pause() == 1


def test_a_process_tells_once_in_a_while(todo: Todo, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("dj_actions.outbox.wakeup.time.monotonic", lambda: now)
    with heard() as told:
        for _ in range(10):
            act(todo)
        assert sorted(told()) == ["first", "second"]
        now += announcing.SILENCE
        act(todo)
        assert sorted(told()) == ["first", "second"]


def test_who_counts_queries_does_not_see_it(
    todo: Todo, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(todo)
    with heard() as told:
        # The actor, the object, its update, the record; and what begins and ends the transaction.
        with django_assert_num_queries(6):
            act(todo)
        assert told() == []
        monkeypatch.setattr(announcing, "_told_at", {})
        with django_assert_num_queries(6):
            act(todo)
        assert sorted(told()) == ["first", "second"]


def test_it_can_be_switched_off(todo: Todo, settings: Settings) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "NOTIFY": False, "POLL_INTERVAL": 0.02}
    with heard() as told, running(Relay()):
        act(todo)
        wait_for(lambda: delivered() == 1, "What polling found")
        assert told() == []
        assert len(listeners()) == 1  # we ourselves


def test_an_action_that_cannot_tell_has_still_happened(
    todo: Todo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("The connection is gone.")

    monkeypatch.setattr(announcing, "notify", fail)
    act(todo)

    assert Todo.objects.get().done
    assert "could not be woken, and will look by itself: The connection is gone." in caplog.text


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
    assert "The relay could not hear of new deliveries" in caplog.text
    assert "The relay can hear of new deliveries again." in caplog.text


def test_what_was_told_while_it_was_deaf_is_found_once_it_hears(
    todo: Todo, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions.relay.lane.LIVELY", 0.0)
    with listening_relay():
        queue()  # of which nobody tells
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", listeners())
        wait_for(lambda: delivered() == 1, "What came meanwhile")


def test_a_lane_that_is_woken_for_nothing_rests_again(lane: Lane) -> None:
    lane.wake()

    assert lane._pause() == NEVER


def test_a_connection_that_fails_to_tell_is_not_used_again(todo: Todo) -> None:
    cast("Any", connection).connection.close()
    try:
        with pytest.raises(OperationalError):
            notify(["first"], using="default")
        assert connection.errors_occurred
    finally:
        connection.close()


def test_within_the_transaction_of_a_test_nobody_is_told(
    todo: Todo, django_capture_on_commit_callbacks: Any
) -> None:
    with heard() as told, transaction.atomic():
        with django_capture_on_commit_callbacks(execute=True):
            act(todo)
        transaction.set_rollback(True)
    with heard() as told:
        act(todo)
        assert sorted(told()) == ["first", "second"]  # and so it was not told before


def test_behind_a_pooler_that_swallows_notifications_it_says_so_and_polls(
    queue: Queue,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "POLL_INTERVAL": 0.02}
    monkeypatch.setattr("dj_actions.relay.listener.PROBE_TIMEOUT", 0.2)
    with (
        wire_to_database(swallows=True) as wire,
        through(wire, monkeypatch),
        caplog.at_level(logging.WARNING),
        running(Relay()),
    ):
        wait_for(lambda: "a pooler swallows LISTEN" in caplog.text, "The warning")
        queue(3)
        wait_for(lambda: delivered() == 3, "What polling found")
    assert not listeners()


def test_through_the_same_wire_with_nothing_swallowed_it_hears(
    todo: Todo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wire_to_database() as wire, through(wire, monkeypatch), listening_relay():
        act(todo)
        wait_for(lambda: delivered() == 1, "The delivery")
