"""How long each message of a batch took."""

from __future__ import annotations

from typing import Any

import pytest

from dj_actions.outbox.attempts import Timing
from dj_actions.outbox.claimed import Claimed
from dj_actions.publishers.memory import MemoryPublisher
from dj_actions.relay.delivering import attempt_timer
from dj_actions.relay.delivering.attempt_timer import AttemptTimer

CLAIMED: Any = dict.fromkeys(Claimed._fields) | {"claimed_microseconds": 1_000_000}
DELIVERY = Claimed(**CLAIMED)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic_ns(self) -> int:
        """Return the time in nanoseconds."""
        return round(self.now * 1e9)


class OneRequestPublisher(MemoryPublisher):
    """Sends many messages in one request."""

    min_batch_size = 100


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(attempt_timer, "time", clock)
    return clock


def timings_of(timer: AttemptTimer, clock: Clock, *seconds: float) -> list[Timing]:
    """Return the timings of messages for which a publisher takes so many seconds."""
    timings: list[Timing] = []
    for duration in seconds:
        timer.begin()
        clock.now += duration
        timings.append(timer.end())
        clock.now += 0.5  # the relay settles
    return timings


def test_messages_that_are_sent_one_by_one_have_their_own_times(clock: Clock) -> None:
    timer = AttemptTimer([DELIVERY], MemoryPublisher(alias="memory"))

    assert timings_of(timer, clock, 0.25, 0.0, 0.125) == [
        (1_000_000, 250_000),
        (1_750_000, 0),
        (2_250_000, 125_000),
    ]


def test_messages_of_one_request_have_its_time(clock: Clock) -> None:
    timer = AttemptTimer([DELIVERY], OneRequestPublisher(alias="memory"))

    assert timings_of(timer, clock, 0.25, 0.0, 0.0005, 0.125, 0.0) == [
        *[(1_000_000, 250_000)] * 3,
        *[(2_750_500, 125_000)] * 2,
    ]


def test_a_first_message_that_was_refused_at_once_has_no_request(clock: Clock) -> None:
    timer = AttemptTimer([DELIVERY], OneRequestPublisher(alias="memory"))

    assert timings_of(timer, clock, 0.0, 0.25) == [(1_000_000, 0), (1_500_000, 250_000)]
