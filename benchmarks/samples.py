"""Statistics: summaries of samples, and ratios with confidence intervals."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

MIN_SAMPLES = 2
RESAMPLES = 2_000
CONFIDENCE = 0.95
SEED = 20_260_101

Rounds = Sequence[Sequence[float]]
"""Samples grouped by round; all candidates have the same number of rounds."""

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Summary statistics of samples, in the samples' unit."""

    count: int
    median: float
    lower_quartile: float
    upper_quartile: float
    percentile_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio of two measurements with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def summarize(samples: Sequence[float]) -> Summary:
    """Return summary statistics of samples.

    Raises:
        ValueError: there are fewer than two.
    """
    if len(samples) < MIN_SAMPLES:
        raise ValueError(f"A summary needs at least {MIN_SAMPLES} samples, not {len(samples)}.")
    cuts = statistics.quantiles(samples, n=20, method="inclusive")
    return Summary(
        count=len(samples),
        median=statistics.median(samples),
        lower_quartile=cuts[4],
        upper_quartile=cuts[14],
        percentile_95=cuts[18],
    )


def paired_ratio(rounds: Rounds, base: Rounds) -> Ratio:
    """Return how many times as long `rounds` took as `base`.

    Each round has one ratio, of its two medians; the result is the median of these ratios. A
    temporary slowdown of the machine affects both sides of a round and cancels out. The interval
    is a bootstrap over the rounds.

    Raises:
        ValueError: the two have different numbers of rounds, or none.
    """
    if len(rounds) != len(base) or not rounds:
        raise ValueError(
            f"Both sides must have the same rounds, at least one; they have {len(rounds)} and "
            f"{len(base)}."
        )
    pairs = zip(rounds, base, strict=True)
    ratios = [statistics.median(own) / statistics.median(other) for own, other in pairs]
    generator = random.Random(SEED)
    medians = sorted(
        statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)
    )
    margin = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Ratio(value=statistics.median(ratios), low=medians[margin], high=medians[-margin - 1])


def rotated(entries: Sequence[_Entry], turn: int) -> list[_Entry]:
    """Return the entries, rotated so that each turn starts with another one."""
    start = turn % len(entries)
    return [*entries[start:], *entries[:start]]
