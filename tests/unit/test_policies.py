"""The retry policy is data: asked, it answers; it never sleeps."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from tenacity import stop_after_attempt, stop_after_delay, wait_exponential, wait_fixed
from tenacity.stop import stop_never
from tenacity.wait import wait_base

from dj_actions.exceptions import InvalidSetting
from dj_actions.policies import DAY, LONGEST_WAIT, SHORTEST_WAIT, RetryPolicy, clamp_wait
from dj_actions.publishers.http import retry_after_seconds


class Says(wait_base):
    """A strategy with one answer."""

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


def test_waits_differ_by_default_so_that_a_herd_spreads() -> None:
    waits = {RetryPolicy().next_wait(attempts=8, age=0) for _ in range(20)}

    assert len(waits) == 20


@pytest.mark.parametrize("attempts", [1, 5, 20, 99])
def test_waits_are_bounded_by_default(attempts: int) -> None:
    wait = RetryPolicy().next_wait(attempts=attempts, age=0)

    assert wait is not None
    assert SHORTEST_WAIT <= wait <= 1800


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
def test_a_missing_destination_is_given_a_few_slow_tries(attempts: int, wait: float | None) -> None:
    assert RetryPolicy().next_wait(attempts=attempts, age=0, not_found=True) == wait


def test_a_missing_destination_has_strategies_of_its_own() -> None:
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
        (0, SHORTEST_WAIT),
        (-1, SHORTEST_WAIT),
        (-math.inf, SHORTEST_WAIT),
        (SHORTEST_WAIT, SHORTEST_WAIT),
        (0.5, 0.5),
        (LONGEST_WAIT, LONGEST_WAIT),
        (LONGEST_WAIT + 1, LONGEST_WAIT),
        (math.inf, LONGEST_WAIT),
        (math.nan, LONGEST_WAIT),
    ],
)
def test_a_wait_is_kept_in_the_sane_range(said: float, wait: float) -> None:
    assert clamp_wait(said) == wait
    assert RetryPolicy(wait=Says(said)).next_wait(attempts=1, age=0) == wait


@pytest.mark.parametrize("attempts", [1024, 10**6, 10**18])
def test_huge_numbers_of_attempts_do_not_overflow(attempts: int) -> None:
    policy = RetryPolicy(wait=wait_exponential(multiplier=0.5, max=60), stop=stop_never)

    assert policy.next_wait(attempts=attempts, age=0) == 60


@pytest.mark.parametrize("name", ["wait", "stop", "not_found_wait", "not_found_stop"])
@pytest.mark.parametrize("strategy", [5, None, "wait_fixed(5)"])
def test_what_is_no_strategy_is_refused_with_an_example(name: str, strategy: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"no tenacity strategy.*wait_fixed\(5\)") as refused:
        RetryPolicy(**{name: strategy})

    assert repr(strategy) in str(refused.value)
    assert repr(name) in str(refused.value)


def test_asking_twice_changes_nothing() -> None:
    policy = RetryPolicy(wait=wait_exponential(max=60), stop=stop_after_attempt(5))
    answers = [policy.next_wait(attempts=3, age=0) for _ in range(2)]

    assert answers == [4, 4]


@pytest.mark.parametrize(
    ("header", "wait"), [("0", 0.0), ("1", 1.0), ("120", 120.0), (" 7 ", 7.0), ("86400000", 86.4e6)]
)
def test_a_retry_after_in_seconds_is_read(header: str, wait: float) -> None:
    assert retry_after_seconds(header) == wait


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "1, 2",
        "-1",
        "inf",
        "-inf",
        "nan",
        pytest.param("9" * 400, id="more than a float holds"),
    ],
)
def test_nonsense_is_no_retry_after(header: str | None) -> None:
    assert retry_after_seconds(header) is None


def test_a_retry_after_may_be_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=90)

    assert retry_after_seconds(format_datetime(soon, usegmt=True)) == pytest.approx(90, abs=5)
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("nonsense", ["soon", None, 10**400, object(), math.nan])
def test_a_wait_of_nonsense_is_the_longest(nonsense: object) -> None:
    assert clamp_wait(nonsense) == LONGEST_WAIT


class Breaks(wait_base):
    """A strategy with a fault."""

    def __call__(self, retry_state: Any) -> float:
        raise ZeroDivisionError


def test_a_strategy_with_a_fault_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert RetryPolicy(wait=Breaks()).next_wait(attempts=1, age=0) == LONGEST_WAIT
    assert "A strategy of RETRY has failed" in caplog.text
