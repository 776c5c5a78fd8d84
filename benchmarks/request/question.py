"""Ask what one request costs, and make a report of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain

from django.conf import settings
from django.db import connection

from benchmarks.errors import NoFigure
from benchmarks.options import WAYS, Options, Tell
from benchmarks.report import Report, Table
from benchmarks.request.account import check_account
from benchmarks.request.by_hand import create_tables
from benchmarks.request.contenders import CAREFUL, PLAIN, PROCRASTINATE, Contender
from benchmarks.request.exchange import Way
from benchmarks.request.in_process import InProcess
from benchmarks.request.over_http import OverHttp
from benchmarks.request.profiling import profile
from benchmarks.request.rounds import QUICK, THOROUGH, Runner, enter_all, measure
from benchmarks.request.server import DESCRIPTION, open_server
from benchmarks.request.statements import Statements, statements_of
from benchmarks.samples import Ratio, Rounds, Summary, paired_ratio, summarise

BASES = (PROCRASTINATE, PLAIN, CAREFUL)
"""Contenders that all are compared to, in the order of the columns."""

COLUMNS = ("one request", "median ms", "quartiles ms", "95 % below",
           *(f"× {base.name}" for base in BASES), "queries")  # fmt: skip

NOTES = (
    "×: the median over all rounds of the ratio in one round, with its 95 % interval.",
    "queries: those that read or write + those that begin and end a transaction.",
)
THROUGH_NOTES = {
    "http": (
        f"ms: what a client waits for, on one keep-alive connection on loopback to {DESCRIPTION}."
    ),
    "handler": "ms: what Django's handler takes in-process; no server or socket is part of it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that was found out about one contender; times in microseconds."""

    contender: Contender
    summary: Summary
    ratios: Mapping[str, Ratio]
    """Name of the one compared to → how many times as long."""

    statements: Statements
    round_medians: Sequence[float]


def ask(options: Options, tell: Tell) -> Report:
    """Measure, or profile one contender if the options say so.

    Raises:
        NoFigure: a contender has not done its work, or something is on that slows all down.
    """
    _require_quiet()
    create_tables()
    runners = enter_all()
    report = _profile(runners, options) if options.profile else _measure(runners, options, tell)
    check_account(runners)
    made = sum(runner.made for runner in runners)
    tell(f"All {made} requests are accounted for by the rows in the database")
    return report


def _require_quiet() -> None:
    if settings.DEBUG or connection.queries_logged:
        raise NoFigure("DEBUG or the log of queries is on: no server in production has them on.")


def _profile(runners: Sequence[Runner], options: Options) -> Report:
    by_name = {runner.contender.name: runner for runner in runners}
    if options.profile not in by_name:
        raise NoFigure(f"There is no contender {options.profile!r}: use {', '.join(by_name)}.")
    options.output.mkdir(parents=True, exist_ok=True)
    target = options.output / f"request-{options.profile}.pstats"
    tables = profile(by_name[options.profile], target)
    note = f"Taken through Django's handler, in-process. The raw profile is in {target}."
    return Report(question="request", tables=tables, notes=[note])


def _measure(runners: Sequence[Runner], options: Options, tell: Tell) -> Report:
    effort = QUICK if options.quick else THOROUGH
    with _open_way(options.through, tell) as way:
        rounds = measure(runners, way, effort, tell)
    handler = InProcess()
    figures = [_figures(runner, rounds, handler) for runner in runners]
    title = (
        f"One request that marks a todo as done, {WAYS[options.through]}: {effort.rounds} rounds "
        f"of {effort.requests_per_round} each, authentication: {options.authentication}"
    )
    return Report(
        question="request",
        tables=[_table(figures, title)],
        notes=[THROUGH_NOTES[options.through], *NOTES],
        figures={
            "effort": asdict(effort),
            "through": options.through,
            "authentication": options.authentication,
            "unit": "microseconds",
            "contenders": {entry.contender.name: asdict(entry) for entry in figures},
        },
    )


@contextmanager
def _open_way(through: str, tell: Tell) -> Iterator[Way]:
    """Open what the requests go through; end it, and its server if there is one."""
    if through == "handler":
        yield InProcess()
        return
    tell(f"Starting {DESCRIPTION}")
    with open_server() as port, closing(OverHttp(port)) as client:
        yield client


def _figures(runner: Runner, rounds: Mapping[str, Rounds], handler: InProcess) -> Figures:
    own = rounds[runner.contender.name]
    samples = list(chain.from_iterable(own))
    return Figures(
        contender=runner.contender,
        summary=summarise(samples),
        ratios={base.name: paired_ratio(own, rounds[base.name]) for base in BASES},
        statements=statements_of(runner, handler),
        round_medians=[summarise(entry).median for entry in own],
    )


def _table(figures: Sequence[Figures], title: str) -> Table:
    return Table(title=title, columns=COLUMNS, rows=[_row(entry) for entry in figures])


def _row(figures: Figures) -> tuple[str, ...]:
    summary = figures.summary
    return (
        figures.contender.title,
        _milliseconds(summary.median),
        f"{_milliseconds(summary.lower_quartile)}-{_milliseconds(summary.upper_quartile)}",
        _milliseconds(summary.percentile_95),
        *(_as_text(figures.ratios[base.name]) for base in BASES),
        f"{len(figures.statements.queries)} + {len(figures.statements.control)}",
    )


def _milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1000:.2f}"


def _as_text(ratio: Ratio) -> str:
    return f"{ratio.value:.2f} [{ratio.low:.2f}-{ratio.high:.2f}]"
