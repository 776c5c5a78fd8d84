"""The report of how fast activities are added to feeds."""

from __future__ import annotations

import pytest

from benchmarks.stream.benchmark import report


def test_rates_are_activities_per_second_and_the_ratio_is_that_of_each_round() -> None:
    made = report({"one_call_each": [10.0, 20.0], "batches": [1.0, 2.0]}, rounds=2, count=1000)

    assert made.figures["rates"] == {"one_call_each": [100.0, 50.0], "batches": [1000.0, 500.0]}
    assert made.figures["ratio"]["value"] == pytest.approx(10)
    (table,) = made.tables
    assert [row[1:] for row in table.rows] == [("75", "1"), ("750", "10.0 (10.0 to 10.0)")]
