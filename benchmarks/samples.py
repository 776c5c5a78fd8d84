"""The arithmetic: summaries of samples, and ratios with an interval."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

FEWEST_SAMPLES = 2
RESAMPLES = 2_000
CONFIDENCE = 0.95
SEED = 20_260_101

Rounds = Sequence[Sequence[float]]
"""Samples in the rounds they were taken in; all contenders have as many rounds."""

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a set of samples looks like, in the samples' own unit."""

    count: int
    median: float
    lower_quartile: float
    upper_quartile: float
    percentile_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times as long one thing takes as another, and the 95 % interval of that."""

    value: float
    low: float
    high: float


def summarise(samples: Sequence[float]) -> Summary:
    """Summarise samples.

    Raises:
        ValueError: there are fewer than two.
    """
    if len(samples) < FEWEST_SAMPLES:
        raise ValueError(f"A summary needs at least {FEWEST_SAMPLES} samples, not {len(samples)}.")
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

    Each round gives one ratio, of the medians of its two sides; the answer is the median of
    these. What slows a machine down for a second slows both sides of a round down, and drops
    out. The interval is a bootstrap over the rounds.

    Raises:
        ValueError: the two have different numbers of rounds, or none.
    """
    if len(rounds) != len(base) or not rounds:
        raise ValueError(
            f"Both sides need the same rounds, at least one; they have {len(rounds)} and "
            f"{len(base)}."
        )
    pairs = zip(rounds, base, strict=True)
    ratios = [statistics.median(own) / statistics.median(other) for own, other in pairs]
    chance = random.Random(SEED)
    medians = sorted(
        statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)
    )
    margin = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Ratio(value=statistics.median(ratios), low=medians[margin], high=medians[-margin - 1])


def rotated(entries: Sequence[_Entry], turn: int) -> list[_Entry]:
    """Return the entries, beginning with another one at each turn."""
    start = turn % len(entries)
    return [*entries[start:], *entries[:start]]
