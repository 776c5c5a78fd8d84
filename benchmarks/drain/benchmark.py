"""Measure how fast a backlog is drained."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from benchmarks.drain.backlog import Backlog
from benchmarks.drain.candidates import LIMIT
from benchmarks.drain.databases import open_copies
from benchmarks.drain.entries import Entry, entries_for
from benchmarks.drain.environments import Environment, EnvironmentUnavailable, set_up
from benchmarks.drain.figures import COUNTERPART, Figures, baselines_for, create_figures
from benchmarks.drain.rounds import Round, Runner, measure
from benchmarks.drain.workload import WARM_UP, Workload, variant_from, workload_from
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio

NOTES = (
    "×: the median over all rounds of the ratio of two rates in one round, with its 95 % interval.",
    f"Each round: a new process, {WARM_UP} jobs that are not timed, then the backlog.",
    "The time runs from the first job until the process has ended its work.",
    "All rows are verified: each job was done exactly once, or not started.",
)
COUNTERPART_NOTE = (
    "× reliable outbox: the ratio to django-reliable-outbox with the same ordering and as many "
    "threads."
)
QUICK_NOTE = "Left out with --quick: relays and workers with four threads, which need long rounds."


def run(options: Options, progress: Progress) -> Report:
    """Measure all candidates, or DJ Actions with and without a variant's conditions.

    Raises:
        BenchmarkError: a job was not done exactly once, or the options are not valid.
    """
    workload = workload_from(options)
    variant = variant_from(options, workload)
    if options.batch_size:
        os.environ["BENCHMARK_BATCH_SIZE"] = str(options.batch_size)
    entries = entries_for(variant, quick=options.quick)
    environments, skipped = set_up_all(entries, os.environ["DATABASE_URL"], progress)
    entries = [entry for entry in entries if entry[0].name in environments]
    names = [f"{candidate.name}_{number}" for number, (candidate, _) in enumerate(entries)]
    with open_copies(os.environ["DATABASE_URL"], names) as urls:
        runners = [
            _runner(entry, url, workload, environments[entry[0].name])
            for entry, url in zip(entries, urls, strict=True)
        ]
        for runner in runners:
            if runner.variant.settled:
                progress(f"Creating {runner.variant.settled:,} delivered deliveries")
            runner.prepare()
        rounds = measure(runners, workload, progress)
    return _report(runners, rounds, skipped, workload, options)


def set_up_all(
    entries: Sequence[Entry], url: str, progress: Progress
) -> tuple[Mapping[str, Environment], Mapping[str, str]]:
    """Set up the environment of each candidate, with its tables in a database.

    Returns:
        Name of a candidate → its environment, and title of each one that is skipped → the reason.
    """
    environments: dict[str, Environment] = {}
    skipped: dict[str, str] = {}
    for candidate in {candidate.name: candidate for candidate, _ in entries}.values():
        try:
            environments[candidate.name] = set_up(candidate, url)
        except EnvironmentUnavailable as error:
            skipped[candidate.title] = str(error)
            progress(f"Skipping {candidate.title}: {error}")
    return environments, skipped


def _runner(entry: Entry, url: str, workload: Workload, environment: Environment) -> Runner:
    candidate, variant = entry
    return Runner(
        candidate=candidate,
        backlog=Backlog(candidate, url, keys=variant.keys),
        jobs=workload.jobs[candidate.name],
        variant=variant,
        environment=environment,
    )


def _report(
    runners: Sequence[Runner],
    rounds: Mapping[str, Sequence[Round]],
    skipped: Mapping[str, str],
    workload: Workload,
    options: Options,
) -> Report:
    baselines = baselines_for(rounds)
    figures = {runner.name: create_figures(runner, rounds) for runner in runners}
    title = (
        f"Draining a backlog of jobs that do nothing: {workload.rounds} rounds, "
        f"DJ Actions with {_batch_size_text(options.batch_size)}"
    )
    return Report(
        benchmark="drain",
        tables=[Table(title=title, columns=_columns(baselines), rows=_rows(figures, baselines))],
        notes=[*NOTES, *_more_notes(runners, baselines, skipped, options)],
        figures={
            "effort": asdict(workload),
            "batch_size": options.batch_size,
            "variant": asdict(variant_from(options, workload)),
            "environments": _versions(runners),
            "skipped": skipped,
            "unit": "jobs per second",
            "contenders": {name: asdict(entry) for name, entry in figures.items()},
        },
    )


def _more_notes(
    runners: Sequence[Runner],
    baselines: Mapping[str, str],
    skipped: Mapping[str, str],
    options: Options,
) -> Iterator[str]:
    if COUNTERPART in baselines:
        yield COUNTERPART_NOTE
    if options.quick and LIMIT.name in baselines:
        yield QUICK_NOTE
    for name, versions in _versions(runners).items():
        text = ", ".join(f"{package} {number}" for package, number in versions.items())
        yield f"{name} ran with {text}."
    for name, reason in skipped.items():
        yield f"{name} was skipped: {reason}."


def _versions(runners: Sequence[Runner]) -> dict[str, Mapping[str, str]]:
    """Return the versions of each environment that is not the one of the benchmarks."""
    return {
        runner.candidate.title: runner.environment.versions
        for runner in runners
        if runner.environment.versions
    }


def _batch_size_text(batch_size: int | None) -> str:
    return f"BATCH_SIZE {batch_size}" if batch_size else "default settings"


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
        *(_format_ratio(figures.ratios.get(base)) for base in baselines),
        f"{max(entry.peak_rss_mb for entry in figures.rounds):.0f}",
        ", ".join(f"{share:,}" for share in last.shares) if len(last.shares) > 1 else "",
    )


def _format_ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio.value:.3g} [{ratio.low:.3g}-{ratio.high:.3g}]"
