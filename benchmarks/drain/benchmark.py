"""Measure how fast a backlog is drained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.drain.backlog import Backlog
from benchmarks.drain.candidates import CANDIDATES, DJ_ACTIONS, LIMIT, PROCRASTINATE, Candidate
from benchmarks.drain.databases import open_copies
from benchmarks.drain.rounds import Round, Runner, measure
from benchmarks.drain.workload import WARM_UP, Variant, Workload, variant_from, workload_from
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio, Summary, paired_ratio, summarize

NOTES = (
    "×: the median over all rounds of the ratio of two rates in one round, with its 95 % interval.",
    f"Each round: a new process, {WARM_UP} jobs that are not timed, then the backlog.",
    "All rows are verified: each job was done exactly once, or not started.",
)


WITH_LANES = Variant(lanes=2)
"""CONCURRENCY = 2: one lane runs Python code while the other waits for the database."""

IN_ORDER = Variant(keys=5_000)
"""ORDERING = "key"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The results of one candidate; rates are in jobs per second."""

    title: str
    summary: Summary
    """Summary of the rates."""

    ratios: Mapping[str, Ratio]
    """Name of a baseline → ratio of the rates."""

    rounds: Sequence[Round]


def run(options: Options, progress: Progress) -> Report:
    """Measure all candidates, or DJ Actions alone with and without a variant's conditions.

    Raises:
        BenchmarkError: a job was not done exactly once, or the options are not valid.
    """
    workload = workload_from(options)
    variant = variant_from(options, workload)
    if options.batch_size:
        os.environ["BENCHMARK_BATCH_SIZE"] = str(options.batch_size)
    entries = entries_for(variant)
    names = [f"{candidate.name}_{number}" for number, (candidate, _) in enumerate(entries)]
    with open_copies(os.environ["DATABASE_URL"], names) as urls:
        runners = [
            _runner(candidate, url, workload, conditions)
            for (candidate, conditions), url in zip(entries, urls, strict=True)
        ]
        for runner in runners:
            if runner.variant.settled:
                progress(f"Creating {runner.variant.settled:,} delivered deliveries")
            runner.prepare()
        rounds = measure(runners, workload, progress)
    return _report(runners, rounds, workload, options)


def entries_for(variant: Variant) -> list[tuple[Candidate, Variant]]:
    """Return the entries: all candidates, and DJ Actions with two lanes and in order.

    With a variant, DJ Actions alone, without and with the variant's conditions.
    """
    if variant.is_default:
        entries = [(candidate, variant) for candidate in CANDIDATES]
        place = entries.index((DJ_ACTIONS, variant)) + 1
        entries[place:place] = [(DJ_ACTIONS, WITH_LANES), (DJ_ACTIONS, IN_ORDER)]
        return entries
    return [(DJ_ACTIONS, Variant()), (DJ_ACTIONS, variant)]


def _runner(candidate: Candidate, url: str, workload: Workload, variant: Variant) -> Runner:
    return Runner(
        candidate=candidate,
        backlog=Backlog(candidate, url, keys=variant.keys),
        jobs=workload.jobs[candidate.name],
        variant=variant,
    )


def _report(
    runners: Sequence[Runner],
    rounds: Mapping[str, Sequence[Round]],
    workload: Workload,
    options: Options,
) -> Report:
    baselines = baselines_for(rounds)
    figures = {runner.name: _figures(runner, rounds, baselines) for runner in runners}
    title = (
        f"Draining a backlog of jobs that do nothing: {workload.rounds} rounds, "
        f"DJ Actions with {_batch_size_text(options.batch_size)}"
    )
    return Report(
        benchmark="drain",
        tables=[Table(title=title, columns=_columns(baselines), rows=_rows(figures, baselines))],
        notes=NOTES,
        figures={
            "effort": asdict(workload),
            "batch_size": options.batch_size,
            "variant": asdict(runners[-1].variant),
            "unit": "jobs per second",
            "contenders": {name: asdict(entry) for name, entry in figures.items()},
        },
    )


def _batch_size_text(batch_size: int | None) -> str:
    return f"BATCH_SIZE {batch_size}" if batch_size else "default settings"


def baselines_for(rounds: Mapping[str, Sequence[Round]]) -> Mapping[str, str]:
    """Return the baselines: name → title in the column header."""
    if LIMIT.name in rounds:
        return {
            LIMIT.name: "the limit",
            PROCRASTINATE.name: "procrastinate",
            DJ_ACTIONS.name: "DJ Actions",
        }
    return {DJ_ACTIONS.name: "plain"}


def _figures(
    runner: Runner, rounds: Mapping[str, Sequence[Round]], baselines: Mapping[str, str]
) -> Figures:
    rates = {name: [[entry.rate] for entry in own] for name, own in rounds.items()}
    own = rounds[runner.name]
    return Figures(
        title=runner.title,
        summary=summarize([entry.rate for entry in own]),
        ratios={base: paired_ratio(rates[runner.name], rates[base]) for base in baselines},
        rounds=own,
    )


def _columns(baselines: Mapping[str, str]) -> Sequence[str]:
    ratios = (f"× {title}" for title in baselines.values())
    return ("a backlog", "jobs", "per second", "quartiles", *ratios, "peak MB", "last shares")


def _rows(figures: Mapping[str, Figures], baselines: Mapping[str, str]) -> list[Sequence[str]]:
    return [_row(entry, baselines) for entry in figures.values()]


def _row(figures: Figures, baselines: Mapping[str, str]) -> Sequence[str]:
    summary, last = figures.summary, figures.rounds[-1]
    return (
        figures.title,
        f"{last.jobs:,}",
        f"{summary.median:,.0f}",
        f"{summary.lower_quartile:,.0f}-{summary.upper_quartile:,.0f}",
        *(_format_ratio(figures.ratios[base]) for base in baselines),
        f"{max(entry.peak_rss_mb for entry in figures.rounds):.0f}",
        ", ".join(f"{share:,}" for share in last.shares) if len(last.shares) > 1 else "",
    )


def _format_ratio(ratio: Ratio) -> str:
    return f"{ratio.value:.3g} [{ratio.low:.3g}-{ratio.high:.3g}]"
