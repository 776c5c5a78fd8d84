"""Measure how fast a relay adds activities to the feeds server."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.child import ChildProcess
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio, paired_ratio, rotated
from benchmarks.stream.backlog import ACTORS, load, verify
from benchmarks.stream.server import open_feeds_database, open_feeds_server

TITLES = {
    "one_call_each": "one call for each activity",
    "batches": "DJ Actions: a call for up to 100 of one feed",
}
"""Alias of a publisher → its title."""

ACTIVITIES, QUICK_ACTIVITIES = 2_000, 600
ROUNDS, QUICK_ROUNDS = 5, 3
WARM_UP = 100

NOTES = (
    f"One relay with the default settings drains events of {ACTORS} users into their feeds.",
    "The feeds server is gunicorn with one process, on the same machine.",
    "×: the median over all rounds of the ratio of two rates in one round, with its 95 % interval.",
    "Verified: each event is one activity.",
)


def run(options: Options, progress: Progress) -> Report:
    """Drain the same number of deliveries with each publisher, in turn.

    Raises:
        BenchmarkError: a delivery did not become exactly one activity, or a process failed.
    """
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    count = options.jobs or (QUICK_ACTIVITIES if options.quick else ACTIVITIES)
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-feeds-") as folder,
        open_feeds_database(os.environ["DATABASE_URL"]) as feeds_url,
        open_feeds_server(feeds_url, Path(folder)) as environment,
    ):
        progress("The feeds server is ready")
        samples = _measure(rounds, count, environment, feeds_url, progress)
    return report(samples, rounds=rounds, count=count)


def _measure(
    rounds: int, count: int, environment: Mapping[str, str], feeds_url: str, progress: Progress
) -> Mapping[str, Sequence[float]]:
    """Return the seconds of each round of each publisher."""
    seconds: dict[str, list[float]] = {alias: [] for alias in TITLES}
    expected = 0
    for turn in range(rounds):
        for alias in rotated(list(TITLES), turn):
            progress(f"Round {turn + 1} of {rounds}: {TITLES[alias]}")
            seconds[alias].append(_drain(alias, count, environment))
            expected += WARM_UP + count
            verify(feeds_url, expected)
    return seconds


def _drain(alias: str, count: int, environment: Mapping[str, str]) -> float:
    """Return the seconds that a relay needs for a number of deliveries."""
    load(alias, WARM_UP)
    own = {**environment, "DATABASE_URL": os.environ["DATABASE_URL"]}
    with ChildProcess("benchmarks.stream.process", [alias], environment=own) as relay:
        relay.read()
        load(alias, count)
        relay.start()
        return float(relay.read()["seconds"])


def report(samples: Mapping[str, Sequence[float]], *, rounds: int, count: int) -> Report:
    """Return the report of all rounds.

    Args:
        samples: the seconds of each round of each publisher.
        rounds: how many rounds there were.
        count: how many activities were added in a round.
    """
    base = [[seconds] for seconds in samples["one_call_each"]]
    # How many times as long one call each takes.
    ratios = {
        alias: paired_ratio(base, [[seconds] for seconds in own]) for alias, own in samples.items()
    }
    rates = {
        alias: statistics.median(count / seconds for seconds in own)
        for alias, own in samples.items()
    }
    rows = [
        (TITLES[alias], f"{rates[alias]:,.0f}", _text_of(ratios[alias], alias)) for alias in TITLES
    ]
    title = f"Activities added to feeds: {rounds} rounds of {count:,}"
    return Report(
        benchmark="stream",
        tables=[Table(title=title, columns=("publisher", "per second", "×"), rows=rows)],
        notes=NOTES,
        figures={
            "unit": "activities per second",
            "actors": ACTORS,
            "activities": count,
            "rates": {
                alias: [count / seconds for seconds in own] for alias, own in samples.items()
            },
            "ratio": {
                "value": ratios["batches"].value,
                "low": ratios["batches"].low,
                "high": ratios["batches"].high,
            },
        },
    )


def _text_of(ratio: Ratio, alias: str) -> str:
    if alias == "one_call_each":
        return "1"
    return f"{ratio.value:.1f} ({ratio.low:.1f} to {ratio.high:.1f})"
