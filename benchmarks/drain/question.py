"""Ask how fast a backlog is emptied, and make a report of the answer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.drain.backlog import Backlog
from benchmarks.drain.contenders import CONTENDERS, DJ_ACTIONS, LIMIT, PROCRASTINATE, Contender
from benchmarks.drain.databases import open_copies
from benchmarks.drain.effort import WARM_UP, Effort, Variant, effort_of, variant_of
from benchmarks.drain.rounds import Round, Runner, measure
from benchmarks.options import Options, Tell
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio, Summary, paired_ratio, summarise

NOTES = (
    "×: the median over all rounds of the ratio of two rates in one round, with its 95 % interval.",
    f"Each round: a fresh process, {WARM_UP} jobs that are not timed, then the backlog.",
    "All rows are accounted for: each job done exactly once, or left alone.",
)


WITH_LANES = Variant(lanes=2)
"""With a lane that works in Python while another waits for the database: CONCURRENCY = 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that was found out about one contender; rates in jobs a second."""

    title: str
    summary: Summary
    """Of the rates."""

    ratios: Mapping[str, Ratio]
    """Name of the one compared to → how many times its rate."""

    rounds: Sequence[Round]


def ask(options: Options, tell: Tell) -> Report:
    """Measure all contenders, or DJ Actions alone under other circumstances, beside itself.

    Raises:
        NoFigure: a contender has not done its work exactly once, or the options make no sense.
    """
    effort = effort_of(options)
    variant = variant_of(options, effort)
    os.environ["BENCHMARK_BATCH_SIZE"] = str(options.batch_size)
    entries = entries_of(variant)
    names = [f"{contender.name}_{number}" for number, (contender, _) in enumerate(entries)]
    with open_copies(os.environ["DATABASE_URL"], names) as urls:
        runners = [
            _runner(contender, url, effort, circumstances)
            for (contender, circumstances), url in zip(entries, urls, strict=True)
        ]
        for runner in runners:
            if runner.variant.settled:
                tell(f"Making {runner.variant.settled:,} delivered deliveries")
            runner.prepare()
        rounds = measure(runners, effort, tell)
    return _report(runners, rounds, effort, options)


def entries_of(variant: Variant) -> list[tuple[Contender, Variant]]:
    """Return who takes part: everybody, DJ Actions with one lane and with more.

    Under other circumstances, DJ Actions alone, without and with them.
    """
    if variant.is_plain:
        entries = [(contender, variant) for contender in CONTENDERS]
        entries.insert(entries.index((DJ_ACTIONS, variant)) + 1, (DJ_ACTIONS, WITH_LANES))
        return entries
    return [(DJ_ACTIONS, Variant()), (DJ_ACTIONS, variant)]


def _runner(contender: Contender, url: str, effort: Effort, variant: Variant) -> Runner:
    return Runner(
        contender=contender,
        backlog=Backlog(contender, url),
        jobs=effort.jobs[contender.name],
        variant=variant,
    )


def _report(
    runners: Sequence[Runner],
    rounds: Mapping[str, Sequence[Round]],
    effort: Effort,
    options: Options,
) -> Report:
    bases = bases_of(rounds)
    figures = {runner.name: _figures(runner, rounds, bases) for runner in runners}
    title = (
        f"Emptying a backlog, with nothing to be done for each job: {effort.rounds} rounds, "
        f"DJ Actions with BATCH_SIZE {options.batch_size}"
    )
    return Report(
        question="drain",
        tables=[Table(title=title, columns=_columns(bases), rows=_rows(figures, bases))],
        notes=NOTES,
        figures={
            "effort": asdict(effort),
            "batch_size": options.batch_size,
            "variant": asdict(runners[-1].variant),
            "unit": "jobs per second",
            "contenders": {name: asdict(entry) for name, entry in figures.items()},
        },
    )


def bases_of(rounds: Mapping[str, Sequence[Round]]) -> Mapping[str, str]:
    """Return those that all are compared to: name → how a column calls it."""
    if LIMIT.name in rounds:
        return {LIMIT.name: "the limit", PROCRASTINATE.name: "procrastinate"}
    return {DJ_ACTIONS.name: "plain"}


def _figures(
    runner: Runner, rounds: Mapping[str, Sequence[Round]], bases: Mapping[str, str]
) -> Figures:
    rates = {name: [[entry.rate] for entry in own] for name, own in rounds.items()}
    own = rounds[runner.name]
    return Figures(
        title=runner.title,
        summary=summarise([entry.rate for entry in own]),
        ratios={base: paired_ratio(rates[runner.name], rates[base]) for base in bases},
        rounds=own,
    )


def _columns(bases: Mapping[str, str]) -> Sequence[str]:
    ratios = (f"× {title}" for title in bases.values())
    return ("a backlog", "jobs", "per second", "quartiles", *ratios, "peak MB", "last shares")


def _rows(figures: Mapping[str, Figures], bases: Mapping[str, str]) -> list[Sequence[str]]:
    return [_row(entry, bases) for entry in figures.values()]


def _row(figures: Figures, bases: Mapping[str, str]) -> Sequence[str]:
    summary, last = figures.summary, figures.rounds[-1]
    return (
        figures.title,
        f"{last.jobs:,}",
        f"{summary.median:,.0f}",
        f"{summary.lower_quartile:,.0f}-{summary.upper_quartile:,.0f}",
        *(_as_text(figures.ratios[base]) for base in bases),
        f"{max(entry.peak_rss_mb for entry in figures.rounds):.0f}",
        ", ".join(f"{share:,}" for share in last.shares) if len(last.shares) > 1 else "",
    )


def _as_text(ratio: Ratio) -> str:
    return f"{ratio.value:.3g} [{ratio.low:.3g}-{ratio.high:.3g}]"
