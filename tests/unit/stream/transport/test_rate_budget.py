"""Calls slow down before the rate limit is reached."""

from __future__ import annotations

import pytest
from dj_actions_stream.transport.rate_budget import RateBudget, endpoint_of

from dj_actions.exceptions import RateLimited

NOW = 1_800_000_000.0


class Clock:
    """A clock that a pause moves forward."""

    def __init__(self) -> None:
        self.now = NOW
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> RateBudget:
    return RateBudget(clock, clock.sleep)


def headers(*, remaining: int, limit: int = 1000, seconds: float = 30) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(NOW + seconds)),
    }


def test_the_first_call_is_not_delayed(budget: RateBudget, clock: Clock) -> None:
    budget.spend("post feed")

    assert clock.pauses == []


def test_calls_are_not_delayed_while_many_are_left(budget: RateBudget, clock: Clock) -> None:
    budget.read("post feed", headers(remaining=100))
    budget.spend("post feed")

    assert clock.pauses == []


@pytest.mark.parametrize(("remaining", "pause"), [(60, 0.5), (99, 30 / 99), (1, 1.0)])
def test_the_last_calls_are_spread_over_the_rest_of_the_window(
    budget: RateBudget, clock: Clock, remaining: int, pause: float
) -> None:
    budget.read("post feed", headers(remaining=remaining))
    budget.spend("post feed")

    assert clock.pauses == [pytest.approx(pause)]


def test_without_a_call_left_nothing_is_sent_until_the_reset(
    budget: RateBudget, clock: Clock
) -> None:
    budget.read("post feed", headers(remaining=0, seconds=12))

    with pytest.raises(RateLimited) as why:
        budget.spend("post feed")
    assert why.value.retry_after == pytest.approx(12)
    clock.now += 12
    budget.spend("post feed")


def test_each_endpoint_has_a_limit_of_its_own(budget: RateBudget) -> None:
    budget.read("delete feed", headers(remaining=0))

    budget.spend("post feed")


def test_a_response_without_the_headers_says_that_there_is_no_limit(budget: RateBudget) -> None:
    budget.read("post feed", headers(remaining=0))
    budget.read("post feed", {"X-RateLimit-Limit": "many"})

    budget.spend("post feed")


@pytest.mark.parametrize(
    ("method", "path", "endpoint"),
    [
        ("post", "feed/user/1/", "post feed"),
        ("delete", "feed/user/1/djactions:x/", "delete feed"),
        ("post", "feed/user/1/follows/", "post feed follows"),
        ("delete", "feed/user/1/follows/user:2/", "delete feed follows"),
        ("get", "activities/", "get activities"),
        ("post", "follow_many/", "post follow_many"),
    ],
)
def test_an_endpoint_is_what_stream_limits_together(method: str, path: str, endpoint: str) -> None:
    assert endpoint_of(method, path) == endpoint
