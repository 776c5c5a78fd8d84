"""A retry policy computes waits; it never sleeps."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tenacity import stop_after_attempt, stop_after_delay, wait_exponential, wait_fixed
from tenacity.stop import stop_never
from tenacity.wait import wait_base

from dj_actions.exceptions import InvalidSetting
from dj_actions.policies import DAY, MAX_RETRY_WAIT, MIN_RETRY_WAIT, RetryPolicy, clamp_wait


class Says(wait_base):
    """A strategy that always returns the same wait."""

    def __init__(self, answer: float) -> None:
        self.answer = answer

    def __call__(self, retry_state: Any) -> float:
        return self.answer


def test_the_wait_is_what_the_strategy_says() -> None:
    assert RetryPolicy(wait=wait_fixed(5)).next_wait(attempts=1, age=0) == 5


@pytest.mark.parametrize(("attempts", "wait"), [(1, 1), (2, 2), (3, 4), (10, 60)])
def test_the_strategy_sees_the_attempts(attempts: int, wait: float) -> None:
    policy = RetryPolicy(wait=wait_exponential(max=60))

    assert policy.next_wait(attempts=attempts, age=0) == wait


def test_waits_are_random_by_default_so_that_relays_spread() -> None:
    waits = {RetryPolicy().next_wait(attempts=8, age=0) for _ in range(20)}

    assert len(waits) == 20


@pytest.mark.parametrize("attempts", [1, 5, 20, 99])
def test_waits_are_bounded_by_default(attempts: int) -> None:
    wait = RetryPolicy().next_wait(attempts=attempts, age=0)

    assert wait is not None
    assert MIN_RETRY_WAIT <= wait <= 1800


@pytest.mark.parametrize(("attempts", "given_up"), [(2, False), (3, True), (4, True)])
def test_it_gives_up_by_attempts(attempts: int, given_up: bool) -> None:
    policy = RetryPolicy(wait=wait_fixed(1), stop=stop_after_attempt(3))

    assert (policy.next_wait(attempts=attempts, age=0) is None) is given_up


@pytest.mark.parametrize(("age", "given_up"), [(0, False), (59, False), (61, True), (1e9, True)])
def test_it_gives_up_by_age(age: float, given_up: bool) -> None:
    policy = RetryPolicy(wait=wait_fixed(1), stop=stop_after_delay(60))

    assert (policy.next_wait(attempts=1, age=age) is None) is given_up


@pytest.mark.parametrize(
    ("attempts", "age", "given_up"),
    [
        (999, 0, False),
        (1000, 0, True),
        (9, 8 * DAY, False),
        (10, 6 * DAY, False),
        (10, 8 * DAY, True),
    ],
)
def test_by_default_it_gives_up_after_1000_attempts_or_a_week_and_10(
    attempts: int,
    age: float,
    given_up: bool,
) -> None:
    assert (RetryPolicy().next_wait(attempts=attempts, age=age) is None) is given_up


def test_a_limit_beyond_a_thousand_attempts_is_kept() -> None:
    policy = RetryPolicy(wait=wait_fixed(1), stop=stop_after_attempt(2000))

    assert policy.next_wait(attempts=1999, age=0) == 1
    assert policy.next_wait(attempts=2000, age=0) is None


@pytest.mark.parametrize(("attempts", "wait"), [(1, 30), (4, 30), (5, None)])
def test_a_missing_destination_gets_a_few_slow_attempts(attempts: int, wait: float | None) -> None:
    assert RetryPolicy().next_wait(attempts=attempts, age=0, not_found=True) == wait


def test_a_missing_destination_has_its_own_strategies() -> None:
    policy = RetryPolicy(
        wait=wait_fixed(1),
        stop=stop_after_attempt(1),
        not_found_wait=wait_fixed(9),
        not_found_stop=stop_after_attempt(2),
    )

    assert policy.next_wait(attempts=1, age=0, not_found=True) == 9
    assert policy.next_wait(attempts=1, age=0) is None


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (0, MIN_RETRY_WAIT),
        (-1, MIN_RETRY_WAIT),
        (-math.inf, MIN_RETRY_WAIT),
        (MIN_RETRY_WAIT, MIN_RETRY_WAIT),
        (0.5, 0.5),
        (MAX_RETRY_WAIT, MAX_RETRY_WAIT),
        (MAX_RETRY_WAIT + 1, MAX_RETRY_WAIT),
        (math.inf, MAX_RETRY_WAIT),
        (math.nan, MAX_RETRY_WAIT),
    ],
)
def test_a_wait_is_kept_within_its_limits(said: float, wait: float) -> None:
    assert clamp_wait(said) == wait
    assert RetryPolicy(wait=Says(said)).next_wait(attempts=1, age=0) == wait


@pytest.mark.parametrize("attempts", [1024, 10**6, 10**18])
def test_huge_numbers_of_attempts_do_not_overflow(attempts: int) -> None:
    policy = RetryPolicy(wait=wait_exponential(multiplier=0.5, max=60), stop=stop_never)

    assert policy.next_wait(attempts=attempts, age=0) == 60


@pytest.mark.parametrize("name", ["wait", "stop", "not_found_wait", "not_found_stop"])
@pytest.mark.parametrize("strategy", [5, None, "wait_fixed(5)"])
def test_a_value_that_is_not_a_strategy_is_rejected(name: str, strategy: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"wait_fixed\(5\)") as refused:
        RetryPolicy(**{name: strategy})

    assert repr(strategy) in str(refused.value)
    assert repr(name) in str(refused.value)


def test_computing_a_wait_twice_changes_nothing() -> None:
    policy = RetryPolicy(wait=wait_exponential(max=60), stop=stop_after_attempt(5))
    answers = [policy.next_wait(attempts=3, age=0) for _ in range(2)]

    assert answers == [4, 4]


@pytest.mark.parametrize("nonsense", ["soon", None, 10**400, object(), math.nan])
def test_a_wait_that_is_not_a_number_is_the_longest(nonsense: object) -> None:
    assert clamp_wait(nonsense) == MAX_RETRY_WAIT


class Breaks(wait_base):
    """A strategy that raises an error."""

    def __call__(self, retry_state: Any) -> float:
        raise ZeroDivisionError


def test_a_strategy_that_raises_an_error_loses_no_message(caplog: pytest.LogCaptureFixture) -> None:
    assert RetryPolicy(wait=Breaks()).next_wait(attempts=1, age=0) == MAX_RETRY_WAIT
    assert "A strategy in RETRY raised an error" in caplog.text
