"""Measure how many messages per second reach a destination."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.child import ChildProcess
from benchmarks.destination.cells import WARM_UP_SECONDS, Cell, Plan, plan_from
from benchmarks.destination.contenders import POOL, RELAY
from benchmarks.destination.rounds import CellRunner
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio, paired_ratio
from benchmarks.turns import Turn

SERVER = "benchmarks.destination.server"
COLUMNS = ("the destination responds in", "CONCURRENCY", "thread pool per second",
           "DJ Actions per second", "× thread pool", "CPU µs, thread pool",
           "CPU µs, DJ Actions")  # fmt: skip
NOTES = (
    "×: the median over all rounds of the ratio of two rates in one round, with its 95 % interval.",
    "CPU: of the contender's process, for each message; the server and PostgreSQL take more.",
    f"Of each turn, the first {WARM_UP_SECONDS:g} s do not count.",
    "Each message was received exactly once, and its row says so.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The results of one cell."""

    cell: Cell
    ratio: Ratio
    """Rate of DJ Actions: rate of the thread pool."""

    turns: Mapping[str, Sequence[Turn]]
    """Name of a contender → its turns."""


def run(options: Options, progress: Progress) -> Report:
    """Measure each cell.

    Raises:
        BenchmarkError: a message was not received exactly once, or the options are not valid.
    """
    plan = plan_from(options)
    with ChildProcess(SERVER, environment={}) as server:
        port = server.read()["port"]
        runners = {
            cell: CellRunner(cell, plan, url=os.environ["DATABASE_URL"], port=port)
            for cell in plan.cells
        }
        figures = [figures_of(cell, runner.run(progress)) for cell, runner in runners.items()]
    return _report(figures, plan)


def figures_of(cell: Cell, turns: Mapping[str, Sequence[Turn]]) -> Figures:
    """Return the figures of a cell."""
    rates = {name: [[turn.rate] for turn in own] for name, own in turns.items()}
    return Figures(cell=cell, turns=turns, ratio=paired_ratio(rates[RELAY.name], rates[POOL.name]))


def _report(figures: Sequence[Figures], plan: Plan) -> Report:
    title = (
        f"Messages that reach an HTTP server: {plan.rounds} rounds of {plan.seconds:g} s, "
        "DJ Actions with default settings but CONCURRENCY"
    )
    return Report(
        benchmark="destination",
        tables=[Table(title=title, columns=COLUMNS, rows=[_row(entry) for entry in figures])],
        notes=NOTES,
        figures={
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "unit": "messages per second",
            "cells": [asdict(entry) for entry in figures],
        },
    )


def _row(figures: Figures) -> Sequence[str]:
    pool, relay, ratio = figures.turns[POOL.name], figures.turns[RELAY.name], figures.ratio
    return (
        f"{figures.cell.milliseconds:g} ms",
        str(figures.cell.concurrency),
        *(f"{median(turn.rate for turn in turns):,.0f}" for turns in (pool, relay)),
        f"{ratio.value:.2f} [{ratio.low:.2f}-{ratio.high:.2f}]",
        *(f"{median(turn.cpu_microseconds for turn in turns):,.0f}" for turns in (pool, relay)),
    )
