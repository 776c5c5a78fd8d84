"""The log of attempts is bounded, and reads what earlier releases have written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from dj_actions.outbox.attempts import Attempt, with_failure
from tests.fixtures.relay import failure

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

Entries = list[Mapping[str, Any]]


def log_of(*attempts: Attempt) -> Entries:
    """Return the entries after these attempts."""
    entries: Entries = []
    for attempt in attempts:
        entries = with_failure(entries, attempt)
    return entries


def test_an_attempt_is_read_as_it_was_written() -> None:
    attempt = failure(
        "slow down",
        number=3,
        started_at=START,
        seconds=0.25,
        kind="rate limited",
        status=429,
        relay="web-1:4711",
        is_counted=False,
    )

    assert Attempt.from_entry(attempt.as_entry()) == attempt


def test_what_is_not_known_is_not_written() -> None:
    entry = failure("killed", started_at=START).as_entry()

    assert entry.keys() == {"at", "attempt", "kind", "message"}
    assert Attempt.from_entry(entry).seconds is None


@pytest.mark.parametrize(
    ("entry", "attempt"),
    [
        ({}, failure("", number=None, kind="")),
        ({"kind": "unavailable"}, failure("", number=None)),
        ({"at": "then", "attempt": 1, "kind": "unavailable", "message": "no"}, failure()),
        (
            {"at": START.isoformat(), "attempt": 9, "kind": "x", "message": "no", "times": 4},
            failure(number=9, started_at=START, kind="x", times=4),
        ),
    ],
)
def test_entries_of_earlier_releases_are_read(entry: dict[str, Any], attempt: Attempt) -> None:
    assert Attempt.from_entry(entry) == attempt


def test_the_first_and_the_newest_twenty_are_kept() -> None:
    entries = log_of(*(failure(str(number)) for number in range(50)))

    assert [entry["message"] for entry in entries] == ["0", *map(str, range(30, 50))]


def test_attempts_that_end_alike_are_counted_beyond_those_that_are_kept() -> None:
    entries = log_of(failure("other"), *[failure("same")] * 40, failure("same", kind="rejected"))

    assert [entry.get("times", 1) for entry in entries] == [1, *range(22, 41), 1]


def test_attempts_continue_the_entries_of_an_earlier_release() -> None:
    merged = {"at": START.isoformat(), "attempt": 7, "kind": "unavailable", "message": "no"}
    entries = with_failure([{"kind": "x", "message": "y"}, merged | {"times": 5}], failure())

    assert [entry.get("times", 1) for entry in entries] == [1, 5, 6]
