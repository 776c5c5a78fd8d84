"""Measure the statements of each screen of the console, and how long the database takes."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client

from benchmarks.console.contents import fill
from benchmarks.console.screens import first_screens, other_pages
from benchmarks.errors import BenchmarkError
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table

EVENTS, QUICK_EVENTS = 1_000_000, 100_000
ROUNDS, QUICK_ROUNDS = 20, 7

MAX_STATEMENTS = 12
MAX_MILLISECONDS = 50.0
"""The budget of each first screen."""

COLUMNS = ("page", "statements", "database ms", "slowest", "waited ms", "slowest statement")
SHOWN = 90
"""Characters of a statement that the table shows."""

NOTES = (
    "database ms: planning and execution of all statements by EXPLAIN ANALYZE; the median round.",
    "slowest: the same in the slowest round. Slowest statement: its median, and its beginning.",
    "waited ms: how long Django has waited for all statements, in the median round.",
)

EXPLAIN = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The rounds of one page."""

    statements: int
    """The most of all rounds."""

    database: Sequence[float]
    """Milliseconds that the database took for all statements, of each round."""

    waited: Sequence[float]
    """Milliseconds that Django waited for them, of each round."""

    slowest: tuple[float, str]
    """Milliseconds of the slowest statement in the median, and the statement."""

    @property
    def median(self) -> float:
        """Milliseconds that the database took in the median round."""
        return statistics.median(self.database)


class Statement(NamedTuple):
    """A statement of a page."""

    sql: str
    parameters: Any
    waited: float
    """Milliseconds that Django waited for it."""


def run(options: Options, progress: Progress) -> Report:
    """Fill the database, and open each page several times.

    Raises:
        BenchmarkError: a page was not found or has failed.
    """
    events = options.events or (QUICK_EVENTS if options.quick else EVENTS)
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    fill(events, progress)
    client = _client()
    progress("Opening the screens")
    screens = {title: _measure(client, url, rounds) for title, url in first_screens().items()}
    progress("Opening filtered pages")
    others = {title: _measure(client, url, rounds) for title, url in other_pages().items()}
    return report(screens, others, events=events)


def _client() -> Client:
    """Return the browser of a member of the staff, whose permissions are read from the database."""
    user = User.objects.create_user("operator", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label__contains="console")
    )
    client = Client()
    client.force_login(user)
    return client


def _measure(client: Client, url: str, rounds: int) -> Sample:
    """Open a page and explain its statements; the first time does not count."""
    opened = [_open(client, url) for _ in range(rounds + 1)][1:]
    times = [[_milliseconds(statement) for statement in own] for own in opened]
    by_statement = zip(opened[0], zip(*times, strict=False), strict=False)
    medians = [(statistics.median(own), statement.sql) for statement, own in by_statement]
    return Sample(
        statements=max(map(len, opened)),
        database=[sum(own) for own in times],
        waited=[sum(statement.waited for statement in own) for own in opened],
        slowest=max(medians, default=(0.0, "")),
    )


def _open(client: Client, url: str) -> list[Statement]:
    """Open a page and return its statements."""
    with _recorded() as statements:
        response = client.get(url)
    if response.status_code not in {HTTPStatus.OK, HTTPStatus.FOUND}:
        raise BenchmarkError(f"{url} responded with {response.status_code}.")
    return statements


@contextmanager
def _recorded() -> Iterator[list[Statement]]:
    """Yield a list to which each statement is added."""
    statements: list[Statement] = []

    def record(execute: Callable[..., Any], sql: str, parameters: Any, *rest: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, parameters, *rest)
        finally:
            waited = (time.perf_counter() - started) * 1000
            statements.append(Statement(sql, parameters, waited))

    with connection.execute_wrapper(record):
        yield statements


def _milliseconds(statement: Statement) -> float:
    """Return how long the database plans and executes a statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"{EXPLAIN} {statement.sql}", statement.parameters)
        ((plans,),) = cursor.fetchall()
    (plan,) = json.loads(plans) if isinstance(plans, str) else plans
    milliseconds: float = plan["Planning Time"] + plan["Execution Time"]
    return milliseconds


def report(screens: Mapping[str, Sample], others: Mapping[str, Sample], *, events: int) -> Report:
    """Return the report of all pages.

    Args:
        screens: the samples of the first screens, which have a budget.
        others: those of other pages.
        events: events in the database.
    """
    over = [
        title
        for title, sample in screens.items()
        if sample.statements > MAX_STATEMENTS or sample.median > MAX_MILLISECONDS
    ]
    verdict = f"Over the budget of {MAX_STATEMENTS} statements and {MAX_MILLISECONDS:g} ms: "
    return Report(
        benchmark="console",
        tables=[
            Table(
                title=f"Screens, with {events:,} events and {2 * events:,} deliveries",
                columns=COLUMNS,
                rows=[_row(title, sample) for title, sample in screens.items()],
            ),
            Table(
                title="Filters and searches",
                columns=COLUMNS,
                rows=[_row(title, sample) for title, sample in others.items()],
            ),
        ],
        notes=(*NOTES, verdict + (", ".join(over) or "none") + "."),
        figures={
            "unit": "milliseconds",
            "events": events,
            "pages": {
                title: {
                    "statements": sample.statements,
                    "database": sample.median,
                    "slowest": max(sample.database),
                }
                for title, sample in {**screens, **others}.items()
            },
        },
    )


def _row(title: str, sample: Sample) -> tuple[str, ...]:
    milliseconds, statement = sample.slowest
    return (
        title,
        str(sample.statements),
        f"{sample.median:.1f}",
        f"{max(sample.database):.1f}",
        f"{statistics.median(sample.waited):.1f}",
        f"{milliseconds:.1f}: {' '.join(statement.split())[:SHOWN]}",
    )
