"""The Airflow benchmark: what is measured, and what is reported."""

from __future__ import annotations

import pytest

from benchmarks.airflow.backlog import Run, rate_between
from benchmarks.airflow.benchmark import figures_of, report
from benchmarks.airflow.cells import Cell, Plan, plan_from
from benchmarks.errors import BenchmarkError
from benchmarks.options import parse_options
from benchmarks.turns import Turn


def turn(rate: float) -> Turn:
    return Turn(rate=rate, cpu_microseconds=2_500)


def test_the_first_cell_has_the_default_settings() -> None:
    plan = plan_from(parse_options(["airflow", "--concurrency", "1", "8"]), 3)

    assert [(cell.concurrency, cell.lanes) for cell in plan.cells] == [(None, 3), (1, 1), (8, 8)]
    assert plan.messages > 8 * 50 + plan.turn_seconds * 150


def test_a_quick_plan_is_smaller() -> None:
    quick = plan_from(parse_options(["airflow", "--quick"]), 1)
    usual = plan_from(parse_options(["airflow"]), 1)

    assert quick.rounds * quick.seconds < usual.rounds * usual.seconds / 3


def test_one_round_is_no_result() -> None:
    with pytest.raises(BenchmarkError, match="at least 2 rounds"):
        plan_from(parse_options(["airflow", "--rounds", "1"]), 1)


def test_the_rate_is_that_of_the_seconds_that_count() -> None:
    runs = [Run(id=str(moment), queued_at=moment) for moment in (0.5, 1.0, 1.5, 2.9, 3.0)]

    assert rate_between(runs, 1.0, 3.0) == 1.5


def test_the_ratio_is_that_of_each_round() -> None:
    cell = Cell(concurrency=None, lanes=4)
    figures = figures_of(cell, {"client": [turn(40), turn(20)], "relay": [turn(36), turn(18)]})
    plan = Plan(rounds=2, seconds=10, cells=[cell])
    (table,) = report([figures], plan).tables

    assert figures.ratio.value == pytest.approx(0.9)
    assert table.rows == [("default", "4", "30.0", "27.0", "0.90 [0.90-0.90]", "2.5", "2.5")]
