"""How long deliveries wait, are sent and run: percentiles over the recent ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple, Self

HOUR, DAY = 3600.0, 86_400.0
"""Seconds."""

WINDOWS: Mapping[str, float] = {"1 h": HOUR, "24 h": DAY}
"""Label of each period that is reported → its length in seconds."""


class SentRow(NamedTuple):
    """The times of a delivery that arrived, as its columns have them."""

    queued_at: datetime
    first_sent_at: datetime
    sending_seconds: float
    settled_at: datetime
    remote_ended_at: datetime | None
    receipt_scope: str = ""
    sample_weight: int = 1
    """How many deliveries it represents: it was settled together with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Percentiles of a number of durations, in seconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, durations: Sequence[tuple[float, int]]) -> Self | None:
        """Return the percentiles by the nearest-rank method; None without a duration.

        Args:
            durations: each one, and how often it counts.
        """
        if not durations:
            return None
        ordered = sorted(durations)
        ranks = list(accumulate(weight for _, weight in ordered))

        def rank(share: float) -> float:
            return round(ordered[bisect_left(ranks, share * ranks[-1])][0], 6)

        return cls(p50=rank(0.5), p95=rank(0.95), p99=rank(0.99))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How long the deliveries of one publisher took that arrived in a period."""

    window: float
    """Length of the period in seconds, until now."""

    deliveries: int
    """How many of them were read."""

    is_sample: bool
    """Whether there are more: only a part of them was read, or they represent others."""

    waiting: Percentiles | None
    """From the commit, or a replay, to the start of the first attempt. None if none has arrived."""

    sending: Percentiles | None
    """Duration of the attempt that succeeded."""

    running: Percentiles | None
    """From the receipt to the end of the remote run; None if no run has ended."""

    @classmethod
    def of(cls, rows: Sequence[SentRow], *, window: float, is_sample: bool) -> Self:
        """Return the timings of these deliveries."""
        return cls(
            window=window,
            deliveries=len(rows),
            is_sample=is_sample or any(row.sample_weight > 1 for row in rows),
            waiting=Percentiles.of(
                [(_seconds(row.queued_at, row.first_sent_at), row.sample_weight) for row in rows]
            ),
            sending=Percentiles.of([(row.sending_seconds, row.sample_weight) for row in rows]),
            running=Percentiles.of([(seconds, 1) for _, seconds in _runs(rows)]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualRun:
    """How long the runs of one scope, such as a DAG, took lately."""

    runs: int
    """How many of them were read."""

    seconds: Percentiles
    """From the receipt to the end of the run."""


def usual_runs(rows: Iterable[SentRow]) -> Mapping[str, UsualRun]:
    """Return how long the runs took that have ended: scope of the receipt → its runs."""
    durations: dict[str, list[tuple[float, int]]] = {}
    for scope, seconds in _runs(rows):
        durations.setdefault(scope, []).append((seconds, 1))
    return {
        scope: UsualRun(runs=len(found), seconds=percentiles)
        for scope, found in durations.items()
        if (percentiles := Percentiles.of(found))
    }


def _runs(rows: Iterable[SentRow]) -> Iterator[tuple[str, float]]:
    """Yield scope and seconds of each run that has ended; no run is represented by another."""
    for row in rows:
        if row.remote_ended_at is not None:
            yield row.receipt_scope, _seconds(row.settled_at, row.remote_ended_at)


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
