"""The breaker: closed, open, half open, by a clock of our own; shared by all relays."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Receipt
from dj_actions.policies import MIN_RETRY_WAIT
from dj_actions.relay.circuit_breaker import (
    FAILURES_TO_OPEN,
    FIRST_WAIT,
    LONGEST_ASKED,
    LONGEST_WAIT,
    Breaker,
)

pytestmark = pytest.mark.django_db

DOWN = PublisherUnavailable("connection refused")
SUCCESS = Receipt(id="1")


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dj_actions.relay.circuit_breaker.time.monotonic", clock)
    return clock


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("feeds")


@pytest.fixture
def open_breaker(breaker: Breaker) -> Breaker:
    for _ in range(FAILURES_TO_OPEN):
        breaker.record(DOWN, uuid4())
    return breaker


def test_it_starts_closed(breaker: Breaker) -> None:
    assert breaker.is_closed
    assert breaker.remaining() == 0


def test_one_message_in_trouble_does_not_open_it(breaker: Breaker) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.record(DOWN, uuid4())

    assert breaker.is_closed


def test_trouble_in_a_row_opens_it(open_breaker: Breaker) -> None:
    assert not open_breaker.is_closed
    assert open_breaker.remaining() == FIRST_WAIT


@pytest.mark.parametrize("outcome", [SUCCESS, PublishRejected("no"), DestinationNotFound("no DAG")])
def test_what_speaks_for_the_destination_ends_the_row(
    breaker: Breaker, outcome: Receipt | Exception
) -> None:
    breaker.record(DOWN, uuid4())
    breaker.record(DOWN, uuid4())
    breaker.record(outcome, uuid4())
    breaker.record(DOWN, uuid4())

    assert breaker.is_closed


def test_an_error_that_no_publisher_has_translated_says_nothing_while_all_flows(
    breaker: Breaker,
) -> None:
    breaker.record(DOWN, uuid4())
    breaker.record(DOWN, uuid4())
    for _ in range(FAILURES_TO_OPEN):
        breaker.record(ValueError("bug"), uuid4())
    assert breaker.is_closed

    breaker.record(DOWN, uuid4())
    assert not breaker.is_closed


def test_a_probe_that_ends_in_such_an_error_keeps_it_open(
    open_breaker: Breaker, clock: Clock
) -> None:
    clock.now += open_breaker.remaining()
    open_breaker.record(ValueError("bug"), uuid4())

    assert open_breaker.remaining() == pytest.approx(2 * FIRST_WAIT)


def test_time_makes_it_half_open(open_breaker: Breaker, clock: Clock) -> None:
    clock.now += FIRST_WAIT

    assert open_breaker.remaining() == 0
    assert not open_breaker.is_closed


def test_remaining_counts_down_and_stops_at_zero(open_breaker: Breaker, clock: Clock) -> None:
    clock.now += FIRST_WAIT / 4
    assert open_breaker.remaining() == pytest.approx(FIRST_WAIT * 3 / 4)

    clock.now += 1000
    assert open_breaker.remaining() == 0


def test_a_probe_that_succeeds_closes_it(open_breaker: Breaker) -> None:
    open_breaker.record(SUCCESS, uuid4())

    assert open_breaker.is_closed
    assert open_breaker.remaining() == 0


def test_each_probe_that_fails_doubles_the_wait_up_to_a_limit(
    open_breaker: Breaker, clock: Clock
) -> None:
    waits = []
    for _ in range(200):
        clock.now += open_breaker.remaining()
        open_breaker.record(DOWN, uuid4())
        waits.append(open_breaker.remaining())

    assert waits[:5] == pytest.approx([2, 4, 8, 16, LONGEST_WAIT])
    assert waits[-1] == pytest.approx(LONGEST_WAIT)


def test_after_it_has_closed_it_starts_anew(open_breaker: Breaker) -> None:
    open_breaker.record(DOWN, uuid4())
    open_breaker.record(SUCCESS, uuid4())
    open_breaker.record(DOWN, uuid4())
    assert open_breaker.is_closed

    open_breaker.record(DOWN, uuid4())
    open_breaker.record(DOWN, uuid4())
    assert open_breaker.remaining() == FIRST_WAIT


def test_a_misconfigured_publisher_opens_it_at_once(breaker: Breaker) -> None:
    breaker.record(PublisherMisconfigured("wrong password"), uuid4())

    assert breaker.remaining() == FIRST_WAIT


def test_rate_limits_are_obeyed_at_once(breaker: Breaker) -> None:
    breaker.record(RateLimited("slow down", retry_after=120), uuid4())

    assert breaker.remaining() == 120


def test_a_rate_limit_that_names_no_time_waits_like_trouble(breaker: Breaker) -> None:
    breaker.record(RateLimited("slow down"), uuid4())

    assert breaker.remaining() == FIRST_WAIT


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (-5, MIN_RETRY_WAIT),
        (0, MIN_RETRY_WAIT),
        (math.inf, LONGEST_ASKED),
        (math.nan, LONGEST_ASKED),
        ("soon", LONGEST_ASKED),
        (10**400, LONGEST_ASKED),
    ],
)
def test_a_nonsensical_rate_limit_is_made_sane(breaker: Breaker, asked: Any, wait: float) -> None:
    breaker.record(RateLimited("slow down", retry_after=asked), uuid4())

    assert breaker.remaining() == pytest.approx(wait)


def test_a_destination_that_always_says_at_once_is_asked_less_and_less(
    breaker: Breaker, clock: Clock
) -> None:
    waits = []
    for _ in range(10):
        breaker.record(RateLimited("slow down", retry_after=0), uuid4())
        waits.append(breaker.remaining())
        clock.now += waits[-1]

    assert waits[0] == pytest.approx(MIN_RETRY_WAIT)
    assert waits[1:] == sorted(waits[1:])
    assert waits[-1] == pytest.approx(LONGEST_WAIT)


def test_an_error_that_cannot_be_read_opens_it_all_the_same(breaker: Breaker) -> None:
    class Unreadable(PublisherMisconfigured):
        def __str__(self) -> str:
            raise ZeroDivisionError

    breaker.record(Unreadable(), uuid4())

    assert not breaker.is_closed


def test_it_says_why_it_opens_and_that_it_closes(
    breaker: Breaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    breaker.record(PublisherMisconfigured("wrong password"), uuid4())
    breaker.record(SUCCESS, uuid4())
    breaker.record(SUCCESS, uuid4())

    assert [record.getMessage() for record in caplog.records] == [
        "Publisher feeds: nothing is sent for 1.0 s. wrong password",
        "Publisher feeds: works again.",
    ]
