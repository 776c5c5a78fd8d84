"""Durations and ages as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dj_actions.console.screens.times import NOTHING, duration_text, relative_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, NOTHING),
        (-5, "0 ms"),
        (0.0312, "31 ms"),
        (2.04, "2.0 s"),
        (42, "42 s"),
        (150, "2 min 30 s"),
        (7_300, "2 h 1 min"),
        (90_000, "1 day"),
        (400_000, "4 days"),
    ],
)
def test_a_duration_has_its_largest_suitable_unit(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "now"), (42, "42 s ago"), (-42, "in 42 s")])
def test_a_moment_is_relative_to_now(seconds: float, text: str) -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    assert relative_text(now - timedelta(seconds=seconds), now) == text
