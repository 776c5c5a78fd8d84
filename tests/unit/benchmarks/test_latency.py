"""Latencies from commit to publisher: matched by event, each exactly once."""

from __future__ import annotations

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.latency.latencies import figures_of, match_latencies, summarize_latencies

MILLISECOND = 1_000_000


def test_a_latency_is_that_of_one_event_in_milliseconds() -> None:
    commits = {"a": 5 * MILLISECOND, "b": 10 * MILLISECOND}
    calls = [("b", 12 * MILLISECOND), ("a", 5 * MILLISECOND + 250_000)]
    assert match_latencies(commits, calls) == [0.25, 2.0]


def test_other_events_are_ignored() -> None:
    assert match_latencies({"a": 0}, [("warm-up", 1), ("a", MILLISECOND), ("warm-up", 2)]) == [1.0]


@pytest.mark.parametrize("calls", [[("a", 1)], [("a", 1), ("b", 1), ("b", 2)]])
def test_an_event_that_was_not_published_exactly_once_is_an_error(
    calls: list[tuple[str, int]],
) -> None:
    with pytest.raises(BenchmarkError, match="Of 2 events, 1 were not published exactly once"):
        match_latencies({"a": 0, "b": 0}, calls)


def test_percentiles_of_the_numbers_to_a_hundred_are_known() -> None:
    latency = summarize_latencies([float(number) for number in reversed(range(101))])
    assert latency.count == 101
    assert (latency.percentile_50, latency.percentile_95, latency.percentile_99) == (50, 95, 99)
    assert latency.longest == 100


def test_a_single_action_has_no_percentiles() -> None:
    with pytest.raises(BenchmarkError, match="at least two actions, not 1"):
        summarize_latencies([1.0])


def test_a_quick_run_leaves_out_what_a_few_slow_actions_decide() -> None:
    latency = summarize_latencies([float(number) for number in range(101)])
    assert figures_of(latency, quick=True) == {
        "count": 101,
        "percentile_50": 50,
        "percentile_95": 95,
    }
    assert {"percentile_99", "longest"} < set(figures_of(latency, quick=False))
