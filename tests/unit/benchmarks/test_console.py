"""The report of the console benchmark."""

from __future__ import annotations

from benchmarks.console.benchmark import MAX_MILLISECONDS, MAX_STATEMENTS, Sample, report
from benchmarks.options import parse_options


def sample(statements: int, milliseconds: float) -> Sample:
    return Sample(
        statements=statements,
        database=[milliseconds, milliseconds + 1, milliseconds - 1],
        waited=[milliseconds * 2],
        slowest=(milliseconds, "SELECT  1"),
    )


def test_screens_over_the_budget_are_named() -> None:
    screens = {
        "good": sample(MAX_STATEMENTS, MAX_MILLISECONDS),
        "many": sample(MAX_STATEMENTS + 1, 1),
        "slow": sample(1, MAX_MILLISECONDS + 1),
    }
    found = report(screens, {"filter": sample(99, 999)}, events=10)
    assert found.notes[-1].endswith(": many, slow.")
    assert found.figures["pages"]["slow"]["database"] == MAX_MILLISECONDS + 1
    assert found.tables[0].rows[1][1] == str(MAX_STATEMENTS + 1)


def test_the_number_of_events_is_an_option() -> None:
    assert parse_options(["console"]).events is None
    assert parse_options(["console", "--events", "5000"]).events == 5000
