"""Percentiles of durations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dj_actions.outbox.timings import Percentiles, SentRow, Timings, usual_runs

START = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("durations", "percentiles"),
    [
        ([7.0], (7.0, 7.0, 7.0)),
        ([3.0, 1.0], (1.0, 3.0, 3.0)),
        ([float(number) for number in range(100, 0, -1)], (50.0, 95.0, 99.0)),
        ([float(number) for number in range(1, 1001)], (500.0, 950.0, 990.0)),
    ],
)
def test_percentiles_are_those_of_the_nearest_rank(
    durations: list[float], percentiles: tuple[float, float, float]
) -> None:
    found = Percentiles.of([(seconds, 1) for seconds in durations])

    assert found
    assert (found.p50, found.p95, found.p99) == percentiles


def test_a_duration_counts_as_often_as_its_weight_says() -> None:
    assert Percentiles.of([(3.0, 1), (1.0, 98), (2.0, 1)]) == Percentiles(p50=1, p95=1, p99=2)


def test_without_durations_there_are_no_percentiles() -> None:
    assert Percentiles.of([]) is None


def test_times_that_seem_to_run_backwards_are_zero() -> None:
    """For example if an operator has replayed the delivery while an old relay sent it."""
    earlier = START - timedelta(seconds=5)
    row = SentRow(START, earlier, 0.5, START, None)
    timings = Timings.of([row], window=3600, is_sample=False)

    assert timings.waiting == Percentiles(p50=0, p95=0, p99=0)
    assert timings.running is None


def test_runs_are_usual_for_their_own_scope() -> None:
    rows = [
        SentRow(START, START, 0.5, START, START + timedelta(seconds=seconds), scope)
        for scope, seconds in (("quick", 1), ("quick", 3), ("slow", 60))
    ]
    unfinished = SentRow(START, START, 0.5, START, None, "quick")
    found = usual_runs([*rows, unfinished])

    assert {scope: (usual.runs, usual.seconds.p95) for scope, usual in found.items()} == {
        "quick": (2, 3.0),
        "slow": (1, 60.0),
    }
