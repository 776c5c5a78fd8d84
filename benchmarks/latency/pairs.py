"""The arithmetic: match commits with calls, and say what their distances look like."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.errors import NoFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """What a set of waiting times looks like, in milliseconds."""

    count: int
    percentile_50: float
    percentile_95: float
    percentile_99: float
    longest: float


def waits(commits: Mapping[str, int], calls: Iterable[tuple[str, int]]) -> list[float]:
    """Return the milliseconds from each commit to the call of the publisher.

    Args:
        commits: id of an event → nanoseconds since the epoch.
        calls: pairs of the same, of which others' are ignored.

    Raises:
        NoFigure: an event was not published, or more than once.
    """
    found: dict[str, list[int]] = {event: [] for event in commits}
    for event, moment in calls:
        if event in found:
            found[event].append(moment)
    wrong = sum(len(moments) != 1 for moments in found.values())
    if wrong:
        raise NoFigure(f"Of {len(commits)} events, {wrong} were not published exactly once.")
    return [(found[event][0] - moment) / 1e6 for event, moment in commits.items()]


def latency_of(milliseconds: Sequence[float]) -> Latency:
    """Summarise waiting times.

    Raises:
        NoFigure: there are fewer than two.
    """
    if len(milliseconds) < 2:  # noqa: PLR2004 - what quantiles need
        raise NoFigure(f"Percentiles need at least two actions, not {len(milliseconds)}.")
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return Latency(
        count=len(milliseconds),
        percentile_50=cuts[49],
        percentile_95=cuts[94],
        percentile_99=cuts[98],
        longest=max(milliseconds),
    )
