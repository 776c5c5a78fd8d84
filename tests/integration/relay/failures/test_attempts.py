"""Each attempt is kept with its delivery: when it began, how long it took and how it ended."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Message, Receipt
from dj_actions.models import Attempt, Delivery, PublisherState
from dj_actions.outbox.attempts import with_failure
from dj_actions.policies import RetryPolicy
from dj_actions.relay.failures.retries import retry_wait
from dj_actions.relay.identity import relay_name
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.settling.rescue import rescue
from dj_actions.states import DeliveryState
from tests.fixtures.relay import Queue, failure
from tests.integration.relay.scripted import ScriptedPublisher, accept, script

pytestmark = pytest.mark.django_db

TOOK = 0.02
"""Seconds that a destination takes in these tests."""


def fail_with(error: BaseException) -> Any:
    def behave(_message: Message) -> NoReturn:
        raise error

    return behave


def accept_slowly(message: Message) -> Receipt:
    threading.Event().wait(TOOK)
    return accept(message)


def try_again(lane: Lane) -> None:
    """Let the lane try once more, as if all waits were over."""
    PublisherState.objects.all().delete()
    lane._breaker.refresh()
    Delivery.objects.filter(state=DeliveryState.PENDING).retry_now()
    lane.run_once()


def log() -> tuple[Attempt, ...]:
    return Delivery.objects.get().attempt_log


def kinds() -> list[str]:
    return [attempt.kind for attempt in log()]


def test_a_delivery_that_arrives_at_once_has_one_attempt(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = accept_slowly
    lane.run_once()

    delivery = Delivery.objects.get()
    (attempt,) = delivery.attempt_log
    assert (attempt.number, attempt.kind, attempt.message) == (1, "delivered", "")
    assert attempt.relay == relay_name()
    assert attempt.seconds is not None
    assert TOOK <= attempt.seconds < 10
    assert attempt.started_at == delivery.first_sent_at
    assert attempt.started_at
    assert delivery.settled_at
    assert delivery.queued_at <= attempt.started_at <= delivery.settled_at
    assert delivery.errors == []


def test_a_message_has_its_own_time_however_long_the_batch_takes(lane: Lane, queue: Queue) -> None:
    queue(3)
    script.behave = accept_slowly
    lane.run_once()

    first, second, third = Delivery.objects.order_by("pk")
    starts = [entry.sent_at for entry in (first, second, third) if entry.sent_at]
    assert starts[1] - starts[0] >= timedelta(seconds=TOOK)
    assert starts[2] - starts[1] >= timedelta(seconds=TOOK)
    total = sum(entry.sending_seconds or 0 for entry in (first, second, third))
    assert total <= (third.settled_at or starts[0]).timestamp() - starts[0].timestamp()


def test_failed_attempts_are_kept_with_the_one_that_succeeds(lane: Lane, queue: Queue) -> None:
    queue()
    for error in (PublisherUnavailable("bad gateway", status=502), RuntimeError("a bug")):
        script.behave = fail_with(error)
        try_again(lane)
    script.behave = accept
    try_again(lane)

    first, second, third = log()
    assert (first.number, first.kind, first.message, first.status) == (
        1,
        "unavailable",
        "bad gateway",
        502,
    )
    assert (second.number, second.kind, second.status) == (2, "unexpected", None)
    assert (third.number, third.kind) == (3, "delivered")
    assert all(attempt.relay == relay_name() for attempt in (first, second, third))
    assert all(attempt.is_counted for attempt in (first, second, third))
    starts = [attempt.started_at for attempt in (first, second, third) if attempt.started_at]
    assert starts == sorted(starts)
    assert Delivery.objects.get().first_sent_at == starts[0]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PublisherMisconfigured("wrong token", status=401), "misconfigured"),
        (RateLimited("slow down", retry_after=1, status=429), "rate limited"),
    ],
)
def test_attempts_that_do_not_count_are_kept_and_marked(
    lane: Lane, queue: Queue, error: Exception, kind: str
) -> None:
    queue()
    script.behave = fail_with(error)
    try_again(lane)
    try_again(lane)

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert [(entry.number, entry.kind, entry.is_counted) for entry in log()] == [
        (1, kind, False),
        (1, kind, False),
    ]
    assert all(entry.status in {401, 429} for entry in log())


def test_a_dead_letter_has_the_attempt_that_ended_it(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = fail_with(PublishRejected("no such field", status=422))
    lane.run_once()

    (attempt,) = log()
    assert (attempt.kind, attempt.status) == ("rejected", 422)
    assert Delivery.objects.get().first_sent_at == attempt.started_at


class Unreadable(PublisherUnavailable):
    """An error whose status cannot be read."""

    status = property(lambda _self: 1 / 0, lambda _self, _value: None)


@pytest.mark.parametrize(
    "error",
    [
        Unreadable("x"),
        *(PublisherUnavailable("x", status=status) for status in (0, 99, 600, 10**400)),
        PublisherUnavailable("x", status="503"),  # type: ignore[arg-type]
    ],
)
def test_a_status_that_is_none_is_left_out(lane: Lane, queue: Queue, error: Exception) -> None:
    queue()
    script.behave = fail_with(error)
    lane.run_once()

    (attempt,) = log()
    assert (attempt.kind, attempt.status) == ("unavailable", None)


def test_the_first_and_the_newest_attempts_are_kept(lane: Lane, queue: Queue) -> None:
    queue(attempts=0)
    errors = [failure(str(number), number=number) for number in range(1, 31)]
    entries: list[Any] = []
    for attempt in errors:
        entries = with_failure(entries, attempt)
    Delivery.objects.update(errors=entries, attempts=3)
    script.behave = fail_with(PublisherUnavailable("down"))
    lane.run_once()

    assert [attempt.message for attempt in log()] == ["1", *map(str, range(12, 31)), "down"]


# Relays that are killed, and relays that stop


def kill_the_relay_that_claims() -> None:
    """Claim a delivery and let its lease expire, as a killed relay does."""
    Delivery.objects.claim("first", limit=1, lease=60, relay="web-7:4711")
    Delivery.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_killed_relay_leaves_an_attempt_without_an_answer(lane: Lane, queue: Queue) -> None:
    queue()
    kill_the_relay_that_claims()
    lane.run_once()

    killed, delivered = log()
    assert (killed.number, killed.kind, killed.relay) == (1, "lease expired", "web-7:4711")
    assert (killed.seconds, killed.is_counted) == (None, True)
    assert killed.started_at is not None
    assert (delivered.number, delivered.kind, delivered.relay) == (2, "delivered", relay_name())
    # Whether the killed relay has sent anything is not known.
    assert Delivery.objects.get().first_sent_at == delivered.started_at


def test_relays_that_are_killed_between_attempts_leave_all_of_them(
    lane: Lane, queue: Queue
) -> None:
    queue()
    for _ in range(2):
        script.behave = fail_with(PublisherUnavailable("down"))
        try_again(lane)
        Delivery.objects.all().retry_now()
        kill_the_relay_that_claims()
        rescue("first", RetryPolicy())
    script.behave = accept
    try_again(lane)

    assert kinds() == [*["unavailable", "lease expired"] * 2, "delivered"]
    assert [attempt.number for attempt in log()] == [1, 2, 3, 4, 5]


def test_a_delivery_that_is_being_sent_shows_its_relay(queue: Queue) -> None:
    queue()
    Delivery.objects.claim("first", limit=1, lease=60, relay="web-7:4711")

    assert Delivery.objects.get().relay == "web-7:4711"


def test_what_a_stopping_relay_releases_was_not_attempted(
    lane: Lane, queue: Queue, stopping: threading.Event
) -> None:
    queue(3)

    def behave(message: Message) -> Receipt:
        stopping.set()
        return accept(message)

    script.behave = behave
    lane.run_once()

    first, second, third = Delivery.objects.order_by("pk")
    assert [attempt.kind for attempt in first.attempt_log] == ["delivered"]
    for released in (second, third):
        assert (released.state, released.attempts) == (DeliveryState.PENDING, 0)
        assert (released.attempt_log, released.first_sent_at) == ((), None)


# Replays, and rows of earlier releases


def test_a_replay_keeps_the_log_and_waits_anew(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = fail_with(PublishRejected("no"))
    lane.run_once()
    Delivery.objects.all().replay()
    assert Delivery.objects.get().first_sent_at is None
    script.behave = accept
    lane.run_once()

    assert kinds() == ["rejected", "delivered"]
    delivery = Delivery.objects.get()
    assert delivery.first_sent_at == delivery.sent_at
    assert delivery.first_sent_at
    assert delivery.first_sent_at >= delivery.queued_at


def test_a_delivered_one_that_is_replayed_has_not_arrived(lane: Lane, queue: Queue) -> None:
    queue()
    lane.run_once()
    Delivery.objects.all().replay_delivered()

    assert log() == ()


def test_a_row_of_an_earlier_release_has_what_it_recorded(queue: Queue) -> None:
    queue(state="delivered", settled_at=Now(), receipt_id="1", attempts=1)

    assert log() == ()


def missing(number: int, *, times: int | None = None) -> dict[str, Any]:
    entry = {"at": "", "attempt": number, "kind": "not found", "message": "no DAG"}
    return entry | ({"times": times} if times else {})


@pytest.mark.parametrize(
    ("errors", "attempt", "gives_up"),
    [
        ([missing(1)], 2, False),
        ([missing(3, times=3)], 4, False),  # of an earlier release
        ([missing(4, times=4)], 5, True),
        ([missing(1), missing(2, times=2), missing(3, times=3)], 4, False),
        ([missing(1), missing(2, times=2), missing(3, times=3), missing(4, times=4)], 5, True),
        ([missing(2) | {"message": "other"}, missing(4, times=2)], 5, False),
        ([missing(3, times=3) | {"message": "other"}, missing(4)], 5, True),
        ([{"kind": "unavailable", "message": ""}, missing(4)], 5, False),
    ],
)
def test_attempts_that_found_no_destination_are_counted(
    queue: Queue, errors: Sequence[dict[str, Any]], attempt: int, gives_up: bool
) -> None:
    queue(errors=errors, attempts=attempt - 1)
    (claimed,) = Delivery.objects.claim("first", limit=1, lease=60)
    wait = retry_wait(claimed, DestinationNotFound("no DAG"), RetryPolicy())

    assert (wait is None) is gives_up


# One request for many messages


class OneRequestPublisher(ScriptedPublisher):
    """Sends all messages in one request."""

    min_batch_size = 100

    def publish_many(self, messages: Sequence[Message]) -> Any:
        """Wait once."""
        threading.Event().wait(TOOK)
        yield from map(accept, messages)


def test_messages_of_one_request_have_its_time(
    settings: Settings, queue: Queue, stopping: threading.Event
) -> None:
    backend = f"{__name__}.{OneRequestPublisher.__name__}"
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": {"BACKEND": backend}}}
    queue(5)
    Lane("first", get_settings(), stopping).run_once()

    times = {(entry.sent_at, entry.sending_seconds) for entry in Delivery.objects.all()}
    ((_, seconds),) = times
    assert seconds is not None
    assert seconds >= TOOK


def test_an_attempt_is_timed_by_the_databases_clock(
    lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    claimed_at = datetime(2001, 1, 1, tzinfo=UTC)
    take = lane._claimer.claim
    monkeypatch.setattr(
        lane._claimer,
        "claim",
        lambda: [
            one._replace(claimed_microseconds=int(claimed_at.timestamp()) * 1_000_000)
            for one in take()
        ],
    )
    lane.run_once()

    sent_at = Delivery.objects.get().sent_at
    assert sent_at is not None
    assert timedelta(0) <= sent_at - claimed_at < timedelta(seconds=10)
