"""What is compared: a request for one object, or one for many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.options import Options
from benchmarks.request.candidates import (
    BULK_CANDIDATES,
    CANDIDATES,
    CAREFUL,
    PLAIN,
    PROCRASTINATE,
    Candidate,
)
from benchmarks.request.rounds import BULK, BULK_QUICK, FULL, QUICK, Runner, Workload
from benchmarks.request.verification import verify_bulk_rows, verify_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A request, and the candidates that serve it."""

    name: str
    """Name of the JSON file, and of the first column."""

    title: str
    """What the request does."""

    candidates: Sequence[Candidate]

    baselines: Sequence[Candidate]
    """Candidates that all others are compared to, in the order of the columns."""

    workload: Workload

    objects: int | None
    """Objects of one request; None for one object, which the URL names."""

    profiled_requests: int
    """Requests of a profile."""

    verify: Callable[[Sequence[Runner]], None]
    """Compares the number of requests with the rows in the database."""


def comparison_for(options: Options) -> Comparison:
    """Return the comparison that was selected on the command line."""
    return _of_many(options) if options.bulk else _of_one(options)


def _of_one(options: Options) -> Comparison:
    return Comparison(
        name="request",
        title="One request that marks a todo as done",
        candidates=CANDIDATES,
        baselines=(PROCRASTINATE, PLAIN, CAREFUL),
        workload=QUICK if options.quick else FULL,
        objects=None,
        profiled_requests=500,
        verify=verify_rows,
    )


def _of_many(options: Options) -> Comparison:
    return Comparison(
        name="request-bulk",
        title=f"One request that marks {options.bulk} todos as done",
        candidates=BULK_CANDIDATES,
        baselines=(CAREFUL,),
        workload=BULK_QUICK if options.quick else BULK,
        objects=options.bulk,
        profiled_requests=20,
        verify=verify_bulk_rows,
    )
