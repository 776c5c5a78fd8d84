"""Measure how many DAG runs per second a relay triggers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from dj_actions_airflow import AirflowPublisher

from benchmarks.airflow.cells import WARM_UP_SECONDS, Cell, Plan, plan_from
from benchmarks.airflow.contenders import CLIENT, RELAY
from benchmarks.airflow.rounds import CellRunner
from benchmarks.airflow.server import open_airflow
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio, paired_ratio
from benchmarks.turns import Turn

COLUMNS = ("CONCURRENCY", "lanes, threads", "keep-alive client per second",
           "DJ Actions per second", "× client", "CPU ms, client", "CPU ms, DJ Actions")  # fmt: skip
NOTES = (
    "×: the median over all rounds of the ratio of two rates in one round, with its 95 % interval.",
    "Rates are of the API server, by its own `queued_at`; it has one worker, and PostgreSQL.",
    "The relay tracks the runs, too, with the default TRACK_INTERVAL. The DAG is paused.",
    f"Of each turn, the first {WARM_UP_SECONDS:g} s do not count.",
    "Each delivery is one run of Airflow, and its row says so.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The results of one cell."""

    cell: Cell
    ratio: Ratio
    """Rate of DJ Actions: rate of the client."""

    turns: Mapping[str, Sequence[Turn]]
    """Name of a contender → its turns."""


def run(options: Options, progress: Progress) -> Report:
    """Measure each cell.

    Raises:
        BenchmarkError: a delivery was not one run, or the options are not valid.
    """
    plan = plan_from(options, AirflowPublisher.default_concurrency)
    url = os.environ["DATABASE_URL"]
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-airflow-") as folder,
        open_airflow(url, Path(folder), progress) as airflow,
    ):
        figures = [
            figures_of(cell, CellRunner(cell, plan, url=url, airflow=airflow).run(progress))
            for cell in plan.cells
        ]
    return report(figures, plan)


def figures_of(cell: Cell, turns: Mapping[str, Sequence[Turn]]) -> Figures:
    """Return the figures of a cell."""
    rates = {name: [[turn.rate] for turn in own] for name, own in turns.items()}
    ratio = paired_ratio(rates[RELAY.name], rates[CLIENT.name])
    return Figures(cell=cell, turns=turns, ratio=ratio)


def report(figures: Sequence[Figures], plan: Plan) -> Report:
    """Return the report of all cells."""
    title = f"DAG runs that are triggered: {plan.rounds} rounds of {plan.seconds:g} s"
    return Report(
        benchmark="airflow",
        tables=[Table(title=title, columns=COLUMNS, rows=[_row(entry) for entry in figures])],
        notes=NOTES,
        figures={
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "unit": "runs per second",
            "cells": [asdict(entry) for entry in figures],
        },
    )


def _row(figures: Figures) -> Sequence[str]:
    client, relay, ratio = figures.turns[CLIENT.name], figures.turns[RELAY.name], figures.ratio
    return (
        str(figures.cell),
        str(figures.cell.lanes),
        *(f"{median(turn.rate for turn in turns):.1f}" for turns in (client, relay)),
        f"{ratio.value:.2f} [{ratio.low:.2f}-{ratio.high:.2f}]",
        *(
            f"{median(turn.cpu_microseconds for turn in turns) / 1000:.1f}"
            for turns in (client, relay)
        ),
    )
