"""The circuit breaker: closed, open, half-open, by a clock that the tests set."""

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
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from dj_actions.relay.tuning import RelayTuning

pytestmark = pytest.mark.django_db

FAILURES_TO_OPEN = RelayTuning().failures_to_open
MAX_RETRY_AFTER = RelayTuning().max_retry_after
FIRST_WAIT, LAST_WAIT = 1.0, 30.0
"""Seconds before the first probe, and between two probes in the end."""

DOWN = PublisherUnavailable("connection refused")
SUCCESS = Receipt(id="1")


@dataclass
class Clock:
    """A clock that moves when a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dj_actions.relay.failures.circuit_breaker.time.monotonic", clock)
    return clock


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("feeds")


@pytest.fixture
def open_breaker(breaker: CircuitBreaker) -> CircuitBreaker:
    for _ in range(FAILURES_TO_OPEN):
        breaker.record(DOWN, uuid4())
    return breaker


def test_it_starts_closed(breaker: CircuitBreaker) -> None:
    assert breaker.is_closed
    assert breaker.remaining() == 0


def test_one_failed_message_does_not_open_it(breaker: CircuitBreaker) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.record(DOWN, uuid4())

    assert breaker.is_closed


def test_failures_in_a_row_open_it(open_breaker: CircuitBreaker) -> None:
    assert not open_breaker.is_closed
    assert open_breaker.remaining() == FIRST_WAIT


@pytest.mark.parametrize("outcome", [SUCCESS, PublishRejected("no"), DestinationNotFound("no DAG")])
def test_a_response_of_the_destination_resets_the_count(
    breaker: CircuitBreaker, outcome: Receipt | Exception
) -> None:
    breaker.record(DOWN, uuid4())
    breaker.record(DOWN, uuid4())
    breaker.record(outcome, uuid4())
    breaker.record(DOWN, uuid4())

    assert breaker.is_closed


def test_an_error_that_is_not_a_publish_error_does_not_count(
    breaker: CircuitBreaker,
) -> None:
    breaker.record(DOWN, uuid4())
    breaker.record(DOWN, uuid4())
    for _ in range(FAILURES_TO_OPEN):
        breaker.record(ValueError("bug"), uuid4())
    assert breaker.is_closed

    breaker.record(DOWN, uuid4())
    assert not breaker.is_closed


def test_a_probe_that_ends_in_such_an_error_keeps_it_open(
    open_breaker: CircuitBreaker, clock: Clock
) -> None:
    clock.now += open_breaker.remaining()
    open_breaker.record(ValueError("bug"), uuid4())

    assert open_breaker.remaining() == pytest.approx(2 * FIRST_WAIT)


def test_time_makes_it_half_open(open_breaker: CircuitBreaker, clock: Clock) -> None:
    clock.now += FIRST_WAIT

    assert open_breaker.remaining() == 0
    assert not open_breaker.is_closed


def test_remaining_counts_down_and_stops_at_zero(
    open_breaker: CircuitBreaker, clock: Clock
) -> None:
    clock.now += FIRST_WAIT / 4
    assert open_breaker.remaining() == pytest.approx(FIRST_WAIT * 3 / 4)

    clock.now += 1000
    assert open_breaker.remaining() == 0


def test_a_probe_that_succeeds_closes_it(open_breaker: CircuitBreaker) -> None:
    open_breaker.record(SUCCESS, uuid4())

    assert open_breaker.is_closed
    assert open_breaker.remaining() == 0


def test_each_probe_that_fails_doubles_the_wait_up_to_a_limit(
    open_breaker: CircuitBreaker, clock: Clock
) -> None:
    waits = []
    for _ in range(200):
        clock.now += open_breaker.remaining()
        open_breaker.record(DOWN, uuid4())
        waits.append(open_breaker.remaining())

    assert waits[:5] == pytest.approx([2, 4, 8, 16, LAST_WAIT])
    assert waits[-1] == pytest.approx(LAST_WAIT)


def test_after_it_has_closed_it_counts_from_zero(open_breaker: CircuitBreaker) -> None:
    open_breaker.record(DOWN, uuid4())
    open_breaker.record(SUCCESS, uuid4())
    open_breaker.record(DOWN, uuid4())
    assert open_breaker.is_closed

    open_breaker.record(DOWN, uuid4())
    open_breaker.record(DOWN, uuid4())
    assert open_breaker.remaining() == FIRST_WAIT


def test_a_misconfigured_publisher_opens_it_at_once(breaker: CircuitBreaker) -> None:
    breaker.record(PublisherMisconfigured("wrong password"), uuid4())

    assert breaker.remaining() == FIRST_WAIT


def test_rate_limits_are_respected_at_once(breaker: CircuitBreaker) -> None:
    breaker.record(RateLimited("slow down", retry_after=120), uuid4())

    assert breaker.remaining() == 120


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [(120, 120.0), (0.5, FIRST_WAIT), (10**9, MAX_RETRY_AFTER), (math.nan, MAX_RETRY_AFTER)],
)
def test_an_outage_whose_end_is_announced_is_respected_at_once(
    breaker: CircuitBreaker, retry_after: float, wait: float
) -> None:
    breaker.record(PublisherUnavailable("maintenance", retry_after=retry_after), uuid4())

    assert breaker.remaining() == pytest.approx(wait)


@pytest.mark.parametrize("retry_after", [None, 0.0])
def test_an_outage_without_an_announced_end_opens_after_some_failures(
    breaker: CircuitBreaker, retry_after: float | None
) -> None:
    breaker.record(PublisherUnavailable("down", retry_after=retry_after), uuid4())

    assert breaker.is_closed


def test_a_missing_destination_announces_no_outage(breaker: CircuitBreaker) -> None:
    breaker.record(DestinationNotFound("no such DAG", retry_after=120), uuid4())

    assert breaker.is_closed


def test_a_rate_limit_without_retry_after_waits_like_a_failure(breaker: CircuitBreaker) -> None:
    breaker.record(RateLimited("slow down"), uuid4())

    assert breaker.remaining() == FIRST_WAIT


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (-5, MIN_RETRY_WAIT),
        (0, MIN_RETRY_WAIT),
        (math.inf, MAX_RETRY_AFTER),
        (math.nan, MAX_RETRY_AFTER),
        ("soon", MAX_RETRY_AFTER),
        (10**400, MAX_RETRY_AFTER),
    ],
)
def test_a_nonsensical_retry_after_is_limited(
    breaker: CircuitBreaker, asked: Any, wait: float
) -> None:
    breaker.record(RateLimited("slow down", retry_after=asked), uuid4())

    assert breaker.remaining() == pytest.approx(wait)


def test_a_retry_after_of_zero_backs_off_as_probes_are_refused(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    waits = []
    for _ in range(10):
        breaker.record(RateLimited("slow down", retry_after=0), uuid4())
        waits.append(breaker.remaining())
        clock.now += waits[-1]

    assert waits[0] == pytest.approx(MIN_RETRY_WAIT)
    assert waits[1:] == sorted(waits[1:])
    assert waits[-1] == pytest.approx(LAST_WAIT)


def test_an_error_without_a_readable_message_opens_it_anyway(breaker: CircuitBreaker) -> None:
    class Unreadable(PublisherMisconfigured):
        def __str__(self) -> str:
            raise ZeroDivisionError

    breaker.record(Unreadable(), uuid4())

    assert not breaker.is_closed


def test_it_logs_why_it_opens_and_that_it_closes(
    breaker: CircuitBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    breaker.record(PublisherMisconfigured("wrong password"), uuid4())
    breaker.record(SUCCESS, uuid4())
    breaker.record(SUCCESS, uuid4())

    assert [record.getMessage() for record in caplog.records] == [
        "Publisher feeds: circuit breaker opened for 1.0 s. wrong password",
        "Publisher feeds: circuit breaker closed.",
    ]
