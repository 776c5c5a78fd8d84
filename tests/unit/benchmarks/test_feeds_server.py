"""The report of what requests to the feeds server take."""

from __future__ import annotations

import pytest

from benchmarks.feeds_server.benchmark import report


def test_the_ratio_is_that_of_each_round_and_additions_are_divided_by_followers() -> None:
    few = {"first page": [[0.001, 0.002, 0.009], [0.004, 0.004, 0.004]]}
    many = {"first page": [[0.002, 0.002, 0.002], [0.006, 0.006, 0.006]]}
    made = report(few, many, [1.0, 2.0, 9.0], many=1_000_000, followers=100_000)

    assert made.figures["ratios"]["first page"]["value"] == pytest.approx(1.25)
    pages, additions = made.tables
    assert pages.columns[:3] == ("request", "1,000", "1,000,000")
    assert pages.rows == [("first page", "4.0", "4.0", "1.25 (1.00 to 1.50)")]
    assert additions.rows == [("with 100,000 followers", "2.00", "20")]
