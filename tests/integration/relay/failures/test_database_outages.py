"""Failures of the database: it hangs, has deadlocks, and refuses to serialize."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any, cast

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.relay.relay import Relay
from dj_actions.states import DeliveryState
from tests.fixtures.relay import Queue, running
from tests.integration.relay.proxy import connecting_through, database_proxy
from tests.integration.relay.scripted import accept, script
from tests.integration.relay.test_relay import delivered, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

FAILING_UPDATES = """
    CREATE SEQUENCE updates;
    CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('updates') IN (1, 3) THEN
            RAISE 'could not serialize access' USING ERRCODE = 'serialization_failure';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER refuse_some AFTER UPDATE ON dj_actions_delivery
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_some();
"""
NO_FAILING_UPDATES = """
    DROP TRIGGER refuse_some ON dj_actions_delivery;
    DROP FUNCTION refuse_some;
    DROP SEQUENCE updates;
"""


def execute(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


def settlement_waits_for(session: psycopg.Connection[Any]) -> bool:
    """Return whether the settlement of a batch, not the renewal of its lease, waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_stat_activity WHERE query LIKE %s AND %s = ANY(pg_blocking_pids(pid))",
            ["%state = 'delivered'%", session.info.backend_pid],
        )
        return cursor.fetchone() is not None


def waits(session: psycopg.Connection[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_blocking_pids(%s)", [session.info.backend_pid])
        (blocking,) = cursor.fetchone()
        return bool(blocking)


@pytest.fixture
def refused_updates() -> Iterator[None]:
    """Make the database refuse the first and the third update of deliveries."""
    execute(FAILING_UPDATES)
    yield
    execute(NO_FAILING_UPDATES)


def test_when_the_network_hangs_another_relay_takes_over_and_the_first_recovers(
    queue: Queue, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "LEASE": 0.5}
    hung = threading.Event()
    with database_proxy() as proxy, ExitStack() as stack:

        def hang_once_sent(message: Message) -> Receipt:
            if not hung.is_set():
                proxy.hang()
                hung.set()
            return accept(message)

        script.behave = hang_once_sent
        with connecting_through(proxy, monkeypatch):
            stack.enter_context(running(Relay(["first"])))
            stack.callback(proxy.recover)
            ids = {delivery.event_id for delivery in queue(15)}
            assert hung.wait(20)
        with running(Relay(["first"])):
            wait_for(lambda: delivered() == len(ids), "The other relay")
        proxy.recover()
        ids |= {delivery.event_id for delivery in queue(5)}
        wait_for(lambda: delivered() == len(ids), "The relay whose network had hung")

    assert {message.id for message in script.seen} == ids
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}


def test_the_victim_of_a_deadlock_settles_anyway(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, middle, last = (delivery.pk for delivery in queue(3))
    parameters = cast("Any", connection).get_connection_params()
    settings_dict = cast("Any", connection).settings_dict
    lock = "SELECT 1 FROM dj_actions_delivery WHERE id = ANY(%s) FOR UPDATE"
    held = threading.Event()
    # The victim is the session that closes the cycle: here the relay, with its last lock.
    short_timeout = {**settings_dict["OPTIONS"], "options": "-c deadlock_timeout=20ms"}
    monkeypatch.setitem(
        cast("Any", connections).settings, "default", {**settings_dict, "OPTIONS": short_timeout}
    )
    with (
        closing(psycopg.connect(**parameters)) as one,
        closing(psycopg.connect(**parameters)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("SET deadlock_timeout = '60s'")

        def lock_the_later_ones(message: Message) -> Receipt:
            if not held.is_set():
                one.execute(lock, [[middle]])
                other.execute(lock, [[last]])
                held.set()
            return accept(message)

        script.behave = lock_the_later_ones
        with running(Relay(["first"])):
            assert held.wait(60)
            wait_for(lambda: settlement_waits_for(one), "The relay, waiting for a lock")
            asked = pool.submit(other.execute, lock, [[first]])
            wait_for(lambda: waits(other), "The other, waiting for the relay")
            one.rollback()
            asked.result(timeout=60)
            other.rollback()
            wait_for(lambda: delivered() == 3, "All deliveries")

    assert "deadlock detected" in caplog.text
    assert len(script.seen) == 3


def test_a_relays_connections_notice_dead_peers(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_dict = cast("Any", connection).settings_dict
    own = {**settings_dict["OPTIONS"], "keepalives_idle": 7}
    monkeypatch.setitem(settings_dict, "OPTIONS", own)
    seen: list[tuple[int, int, int]] = []

    def look(message: Message) -> Receipt:
        descriptor = os.dup(cast("Any", connection).connection.fileno())
        with socket.socket(fileno=descriptor) as end:
            seen.append(
                (
                    end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                    end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                    end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
                )
            )
        return accept(message)

    script.behave = look
    queue()
    call_command("run_relay", "--drain", publisher=["first"])

    assert seen == [(1, 7, 60_000)]  # OPTIONS of the project take precedence


@pytest.mark.usefixtures("refused_updates")
def test_a_serialization_failure_is_retried(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    queue(3)
    with running(Relay(["first"])):
        wait_for(lambda: delivered() == 3, "All deliveries")

    assert caplog.text.count("could not serialize access") >= 2
    assert len(script.seen) == 3
