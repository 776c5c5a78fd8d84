"""Match commits with publisher calls, and summarize the latencies."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.errors import BenchmarkError

TAIL = ("percentile_99", "longest")
"""What a few slow actions decide, and therefore needs many actions: left out with --quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Summary statistics of latencies, in milliseconds."""

    count: int
    percentile_50: float
    percentile_95: float
    percentile_99: float
    longest: float


def match_latencies(commits: Mapping[str, int], calls: Iterable[tuple[str, int]]) -> list[float]:
    """Return the milliseconds from each commit to the publisher's call.

    Args:
        commits: event id → nanoseconds since the epoch.
        calls: pairs of event id and nanoseconds; other events are ignored.

    Raises:
        BenchmarkError: an event was not published, or more than once.
    """
    found: dict[str, list[int]] = {event: [] for event in commits}
    for event, time in calls:
        if event in found:
            found[event].append(time)
    mismatched = sum(len(times) != 1 for times in found.values())
    if mismatched:
        raise BenchmarkError(
            f"Of {len(commits)} events, {mismatched} were not published exactly once."
        )
    return [(found[event][0] - committed) / 1e6 for event, committed in commits.items()]


def summarize_latencies(milliseconds: Sequence[float]) -> Latency:
    """Return summary statistics of latencies.

    Raises:
        BenchmarkError: there are fewer than two samples.
    """
    if len(milliseconds) < 2:  # noqa: PLR2004 - the minimum for quantiles
        raise BenchmarkError(f"Percentiles need at least two actions, not {len(milliseconds)}.")
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return Latency(
        count=len(milliseconds),
        percentile_50=cuts[49],
        percentile_95=cuts[94],
        percentile_99=cuts[98],
        longest=max(milliseconds),
    )


def figures_of(latency: Latency, *, quick: bool) -> Mapping[str, float]:
    """Return the figures to report: all, or with `quick` those that few actions suffice for."""
    left_out = TAIL if quick else ()
    return {name: value for name, value in asdict(latency).items() if name not in left_out}
