"""Measure the cost of one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks.errors import BenchmarkError
from benchmarks.options import TRANSPORTS, Options, Progress
from benchmarks.report import Report, Table
from benchmarks.request.by_hand import create_tables
from benchmarks.request.candidates import Candidate
from benchmarks.request.client import Transport
from benchmarks.request.comparisons import Comparison, comparison_for
from benchmarks.request.in_process import InProcessTransport
from benchmarks.request.over_http import HttpTransport
from benchmarks.request.profiling import profile
from benchmarks.request.rounds import Runner, measure
from benchmarks.request.server import DESCRIPTION, open_server
from benchmarks.request.statements import Statements, capture_statements
from benchmarks.samples import Ratio, Rounds, Summary, paired_ratio, summarize

NOTES = (
    "×: the median over all rounds of the ratio in one round, with its 95 % interval.",
    "queries: statements that read or write + statements that begin and end a transaction.",
)
THROUGH_NOTES = {
    "http": (
        f"ms: client waiting time, on one keep-alive connection on loopback to {DESCRIPTION}."
    ),
    "handler": "ms: time of Django's handler, in-process, without a server or socket.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The results of one candidate; times are in microseconds."""

    candidate: Candidate
    summary: Summary
    ratios: Mapping[str, Ratio]
    """Name of a baseline → ratio of the times."""

    statements: Statements
    round_medians: Sequence[float]


def run(options: Options, progress: Progress) -> Report:
    """Measure all candidates, or profile one.

    Raises:
        BenchmarkError: a candidate did not do its work, or DEBUG is on.
    """
    _require_production_settings()
    create_tables()
    compared = comparison_for(options)
    runners = [Runner.create(candidate, compared.objects) for candidate in compared.candidates]
    report = (
        _profile(compared, runners, options)
        if options.profile
        else _measure(compared, runners, options, progress)
    )
    compared.verify(runners)
    count = sum(runner.request_count for runner in runners)
    progress(f"All {count} requests are verified by the rows in the database")
    return report


def _require_production_settings() -> None:
    if settings.DEBUG or connection.queries_logged:
        raise BenchmarkError("DEBUG or the query log is on; turn both off, as in production.")


def _profile(compared: Comparison, runners: Sequence[Runner], options: Options) -> Report:
    by_name = {runner.candidate.name: runner for runner in runners}
    if options.profile not in by_name:
        raise BenchmarkError(
            f"Unknown candidate {options.profile!r}; expected one of: {', '.join(by_name)}."
        )
    options.output.mkdir(parents=True, exist_ok=True)
    target = options.output / f"{compared.name}-{options.profile}.pstats"
    tables = profile(by_name[options.profile], compared.profiled_requests, target)
    note = f"Profiled in Django's handler, in-process. The raw profile is in {target}."
    return Report(benchmark=compared.name, tables=tables, notes=[note])


def _measure(
    compared: Comparison, runners: Sequence[Runner], options: Options, progress: Progress
) -> Report:
    workload, baselines = compared.workload, compared.baselines
    with _open_transport(options.through, progress) as transport:
        rounds = measure(runners, transport, workload, progress)
    handler = InProcessTransport()
    figures = [_figures(runner, rounds, baselines, handler) for runner in runners]
    title = (
        f"{compared.title}, {TRANSPORTS[options.through]}: "
        f"{workload.rounds} rounds of {workload.requests_per_round} each, "
        f"authentication: {options.authentication}"
    )
    return Report(
        benchmark=compared.name,
        tables=[_table(figures, baselines, title)],
        notes=[THROUGH_NOTES[options.through], *NOTES],
        figures={
            "effort": asdict(workload),
            "through": options.through,
            "authentication": options.authentication,
            "objects": compared.objects,
            "unit": "microseconds",
            "contenders": {entry.candidate.name: _as_json(entry) for entry in figures},
        },
    )


@contextmanager
def _open_transport(through: str, progress: Progress) -> Iterator[Transport]:
    """Open the transport and its server, if it has one, and close them at the end."""
    if through == "handler":
        yield InProcessTransport()
        return
    progress(f"Starting {DESCRIPTION}")
    with open_server() as port, closing(HttpTransport(port)) as client:
        yield client


def _figures(
    runner: Runner,
    rounds: Mapping[str, Rounds],
    baselines: Sequence[Candidate],
    handler: InProcessTransport,
) -> Figures:
    own = rounds[runner.candidate.name]
    samples = list(chain.from_iterable(own))
    return Figures(
        candidate=runner.candidate,
        summary=summarize(samples),
        ratios={base.name: paired_ratio(own, rounds[base.name]) for base in baselines},
        statements=capture_statements(runner, handler),
        round_medians=[summarize(entry).median for entry in own],
    )


def _as_json(figures: Figures) -> dict[str, Any]:
    values = asdict(figures)
    return {"contender": values.pop("candidate"), **values}


def _table(figures: Sequence[Figures], baselines: Sequence[Candidate], title: str) -> Table:
    ratios = (f"× {base.name}" for base in baselines)
    columns = ("one request", "median ms", "quartiles ms", "95 % below", *ratios, "queries")
    return Table(title=title, columns=columns, rows=[_row(entry) for entry in figures])


def _row(figures: Figures) -> tuple[str, ...]:
    summary = figures.summary
    return (
        figures.candidate.title,
        _milliseconds(summary.median),
        f"{_milliseconds(summary.lower_quartile)}-{_milliseconds(summary.upper_quartile)}",
        _milliseconds(summary.percentile_95),
        *(_format_ratio(ratio) for ratio in figures.ratios.values()),
        f"{len(figures.statements.queries)} + {len(figures.statements.control)}",
    )


def _milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1000:.2f}"


def _format_ratio(ratio: Ratio) -> str:
    return f"{ratio.value:.2f} [{ratio.low:.2f}-{ratio.high:.2f}]"
