"""`run_relay --drain` and `--once`: what they deliver, what they leave, and how they say so."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.models.functions import Now
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherUnavailable, PublishRejected, RateLimited
from dj_actions.management.commands.run_relay import LEFT_PENDING
from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.queries import from_now, lock
from dj_actions.relay.lanes.lane import Lane
from dj_actions.states import DeliveryState, RemoteState
from dj_actions.testing import drain
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db(transaction=True)

RunRelay = Callable[..., tuple[int, str]]
MODES = pytest.mark.parametrize("mode", ["--drain", "--once"])


@pytest.fixture
def run_relay() -> RunRelay:
    """Return a function that runs a relay to its end; it returns the exit code and stderr."""

    def run_relay(*arguments: str) -> tuple[int, str]:
        errors = io.StringIO()
        try:
            call_command("run_relay", *arguments, stderr=errors)
        except SystemExit as end:
            return int(end.code or 0), errors.getvalue()
        return 0, errors.getvalue()

    return run_relay


def configure(settings: Settings, **entry: Any) -> None:
    first = {**settings.DJ_ACTIONS["PUBLISHERS"]["first"], **entry}
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "PUBLISHERS": {"first": first}}


def delivered() -> int:
    return Delivery.objects.filter(state=DeliveryState.DELIVERED).count()


def limit_rate(_message: Message) -> Receipt:
    raise RateLimited("slow down", retry_after=60)


def end_the_wait() -> None:
    PublisherState.objects.update(open_until=Now())
    Delivery.objects.filter(state=DeliveryState.PENDING).update(available_at=Now())


def test_drain_probes_once_the_wait_of_an_open_breaker_is_over(
    queue: Queue, run_relay: RunRelay
) -> None:
    queue(5)
    script.behave = limit_rate
    code, said = run_relay("--drain")
    assert (code, len(script.seen)) == (LEFT_PENDING, 1)
    assert "first: 5 deliveries left pending: circuit breaker open until" in said
    assert "(slow down)" in said

    script.behave = accept
    assert run_relay("--drain")[0] == LEFT_PENDING
    assert len(script.seen) == 1, "the wait is not over"
    end_the_wait()
    assert run_relay("--drain") == (0, "")
    assert delivered() == 5


def test_once_probes_and_a_second_one_goes_on(queue: Queue, run_relay: RunRelay) -> None:
    queue(5)
    script.behave = limit_rate
    run_relay("--once")
    script.behave = accept
    end_the_wait()
    assert run_relay("--once") == (
        LEFT_PENDING,
        "first: 4 deliveries left pending: 4 can be sent now.\n",
    )
    assert run_relay("--once") == (0, "")
    assert delivered() == 5


def test_the_drain_of_tests_probes_as_well(queue: Queue) -> None:
    queue(5)
    script.behave = limit_rate
    drain("first")
    script.behave = accept
    assert drain("first") == 0
    end_the_wait()
    assert drain("first") == 5


def test_drain_waits_for_its_turn_under_a_rate_limit(
    queue: Queue, run_relay: RunRelay, settings: Settings
) -> None:
    configure(settings, RATE_LIMIT=20)
    queue(30)
    assert run_relay("--drain") == (0, "")
    assert delivered() == 30


def test_once_says_that_a_rate_limit_holds_the_rest_back(
    queue: Queue, run_relay: RunRelay, settings: Settings
) -> None:
    configure(settings, RATE_LIMIT=0.001)
    queue(3)
    code, said = run_relay("--once")
    assert (code, delivered()) == (LEFT_PENDING, 1)
    assert "2 wait for RATE_LIMIT, which allows the next in 16" in said


@MODES
def test_a_pause_is_said(queue: Queue, run_relay: RunRelay, settings: Settings, mode: str) -> None:
    configure(settings, RATE_LIMIT=0.001)
    queue(2)
    PublisherState.objects.pause("first", by="ann", reason="upgrade")
    PublisherState.objects.update(next_send_at=from_now(3600))
    code, said = run_relay(mode)
    assert (code, script.seen) == (LEFT_PENDING, [])
    assert said == "first: 2 deliveries left pending: paused by ann (upgrade).\n"


@MODES
def test_what_waits_for_a_later_attempt_is_said_and_is_no_failure(
    queue: Queue, run_relay: RunRelay, mode: str
) -> None:
    queue(1)
    queue(1, available_at=Now() + timedelta(hours=3, minutes=1))
    code, said = run_relay(mode)
    assert (code, delivered()) == (0, 1)
    assert said == (
        "first: 1 delivery left pending: 1 waits for a later attempt, the first for 3 h.\n"
    )


@MODES
def test_what_waits_for_a_dead_letter_is_said(
    queue: Queue, run_relay: RunRelay, settings: Settings, mode: str
) -> None:
    configure(settings, ORDERING="key")

    def reject(_message: Message) -> Receipt:
        raise PublishRejected("no such feed")

    queue(3, ordering_scope="todo.todo", ordering_key="7")
    script.behave = reject
    code, said = run_relay(mode)
    assert (code, len(script.seen)) == (LEFT_PENDING, 1)
    assert said == (
        "first: 2 deliveries left pending: 2 wait for an earlier one with the same ordering key.\n"
    )


@MODES
def test_deliveries_of_a_publisher_that_was_removed_are_said(
    queue: Queue, run_relay: RunRelay, mode: str
) -> None:
    queue(1, publisher="renamed")
    code, said = run_relay(mode)
    assert code == LEFT_PENDING
    assert said == (
        "renamed: 1 delivery left pending: the publisher is not configured in DJ_ACTIONS.\n"
    )
    assert run_relay(mode, "--publisher=first") == (0, "")


@MODES
def test_a_relay_without_publishers_says_so(
    queue: Queue, run_relay: RunRelay, settings: Settings, mode: str
) -> None:
    settings.DJ_ACTIONS = {}
    code, said = run_relay(mode)
    assert (code, said.count("\n")) == (0, 1)
    assert said.startswith("No publisher is configured")


def test_a_destination_that_is_down_is_said(queue: Queue, run_relay: RunRelay) -> None:
    def fail(_message: Message) -> Receipt:
        raise PublisherUnavailable("down")

    queue(5)
    script.behave = fail
    code, said = run_relay("--drain")
    assert (code, len(script.seen)) == (LEFT_PENDING, 3)
    assert "first: 5 deliveries left pending: circuit breaker open until" in said
    assert "3 wait for a later attempt" in said


def test_drain_delivers_what_is_recorded_while_it_works(queue: Queue, run_relay: RunRelay) -> None:
    queue(1)

    def record_more(message: Message) -> Receipt:
        if len(script.seen) < 4:
            queue(1)
        return accept(message)

    script.behave = record_more
    assert run_relay("--drain") == (0, "")
    assert delivered() == 4


class UnlockingEvent(threading.Event):
    """Ends the transaction of another session as soon as somebody waits."""

    def wait(self, timeout: float | None = None) -> bool:
        """End the transaction, and wait for nothing."""
        connections["replica"].rollback()
        return super().wait(0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
@pytest.mark.parametrize("ordering", ["none", "key"])
def test_drain_waits_for_what_another_session_locks_for_a_moment(
    queue: Queue, settings: Settings, ordering: str
) -> None:
    configure(settings, ORDERING=ordering)
    queue(2)
    session = connections["replica"]  # the same database
    session.set_autocommit(False)
    try:
        if ordering == "key":  # as a relay that claims
            lock("dj_actions.claim:first", using="replica")
        else:
            session.cursor().execute("SELECT FROM dj_actions_delivery FOR UPDATE")
        Lane("first", get_settings(), UnlockingEvent()).drain()
    finally:
        session.rollback()
        session.set_autocommit(True)
    assert delivered() == 2


@pytest.mark.postgres
def test_drain_ends_where_the_lock_stays(queue: Queue, run_relay: RunRelay) -> None:
    queue(2)
    parameters = cast("Any", connection).get_connection_params()
    with closing(psycopg.connect(**parameters)) as session:
        session.execute("SELECT FROM dj_actions_delivery FOR UPDATE")
        code, said = run_relay("--drain")
    assert (code, "2 can be sent now" in said) == (LEFT_PENDING, True)


def test_drain_tracks_remote_runs(queue: Queue, run_relay: RunRelay) -> None:
    (delivery,) = queue(1)
    run_id = str(delivery.event_id)
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    script.runs[run_id] = RemoteRun(state=RemoteState.RUNNING)
    run_relay("--drain")
    delivery.refresh_from_db()
    assert delivery.remote_state == RemoteState.RUNNING

    script.runs[run_id] = RemoteRun(state=RemoteState.SUCCEEDED)
    Delivery.objects.update(remote_check_at=Now())
    assert run_relay("--drain") == (0, "")
    delivery.refresh_from_db()
    assert delivery.remote_state == RemoteState.SUCCEEDED
