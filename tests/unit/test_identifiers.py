"""Ids of events: valid, unique, and sorted by time."""

from __future__ import annotations

import itertools
import time
import uuid

import pytest

from dj_actions.identifiers import uuid7

MANY = 10_000


def test_it_is_a_uuid_of_version_7() -> None:
    made = uuid7()

    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_the_time_is_inside() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = uuid7().int >> 80

    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_many_are_unique() -> None:
    assert len({uuid7() for _ in range(MANY)}) == MANY


def test_they_sort_by_time_down_to_a_quarter_of_a_microsecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = itertools.count(1_700_000_000_000_000_000, 250)
    monkeypatch.setattr("dj_actions.identifiers.time.time_ns", lambda: next(clock))
    made = [uuid7() for _ in range(MANY)]

    assert made == sorted(made)
    assert [str(entry) for entry in made] == sorted(str(entry) for entry in made)


def test_ids_of_the_same_moment_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dj_actions.identifiers.time.time_ns", lambda: 1_700_000_000_000_000_000)

    assert len({uuid7() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("now", [0, 999_999, 1_699_999_999_999_999_999, 2**48 * 10**6 - 1])
def test_version_and_time_hold_at_any_moment(monkeypatch: pytest.MonkeyPatch, now: int) -> None:
    monkeypatch.setattr("dj_actions.identifiers.time.time_ns", lambda: now)
    made = uuid7()

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now // 1_000_000
