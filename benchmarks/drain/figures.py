"""The figures of an entry: its rates, and their ratios to those of other entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.drain.candidates import DJ_ACTIONS, LIMIT, PROCRASTINATE, RELIABLE_OUTBOX
from benchmarks.drain.entries import counterpart, entry_name
from benchmarks.drain.rounds import Round, Runner
from benchmarks.samples import Ratio, Summary, paired_ratio, summarize

COUNTERPART = "counterpart"
"""Name of the ratio to `benchmarks.drain.entries.counterpart()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The results of one candidate; rates are in jobs per second."""

    title: str
    summary: Summary
    """Summary of the rates."""

    ratios: Mapping[str, Ratio]
    """Name of a baseline → ratio of the rates."""

    rounds: Sequence[Round]


def baselines_for(rounds: Mapping[str, Sequence[Round]]) -> Mapping[str, str]:
    """Return the baselines: name → title in the column header."""
    own = {DJ_ACTIONS.name: "DJ Actions" if LIMIT.name in rounds else "plain"}
    others = {LIMIT.name: "the limit", PROCRASTINATE.name: "procrastinate"}
    present = {name: title for name, title in others.items() if name in rounds}
    has_counterpart = any(name.startswith(RELIABLE_OUTBOX.name) for name in rounds)
    return present | own | ({COUNTERPART: "reliable outbox"} if has_counterpart else {})


def create_figures(runner: Runner, rounds: Mapping[str, Sequence[Round]]) -> Figures:
    """Return the figures of a runner, from the rounds of all entries by name."""
    own = rounds[runner.name]
    return Figures(
        title=runner.title,
        summary=summarize([entry.rate for entry in own]),
        ratios=measured_ratios(runner, rounds),
        rounds=own,
    )


def measured_ratios(runner: Runner, rounds: Mapping[str, Sequence[Round]]) -> Mapping[str, Ratio]:
    """Return the ratios of a runner's rates to those of its baselines, by the baseline's name."""
    rates = {name: [[entry.rate] for entry in own] for name, own in rounds.items()}
    bases = {
        base: _counterpart_name(runner) if base == COUNTERPART else base
        for base in baselines_for(rounds)
    }
    return {
        base: paired_ratio(rates[runner.name], rates[name])
        for base, name in bases.items()
        if name in rates
    }


def _counterpart_name(runner: Runner) -> str:
    """Return the name of the entry of django-reliable-outbox to compare with, or ""."""
    other = counterpart(runner.variant) if runner.candidate == DJ_ACTIONS else None
    return entry_name(RELIABLE_OUTBOX, other) if other else ""
