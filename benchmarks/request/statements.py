"""Capture the SQL statements of one request, separately from the measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.request.in_process import InProcessTransport
from benchmarks.request.rounds import Runner

CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The statements of one request."""

    queries: Sequence[str]
    """Statements that read or write."""

    control: Sequence[str]
    """Statements that begin and end transactions and savepoints; each is a round trip, too."""


def capture_statements(runner: Runner, handler: InProcessTransport) -> Statements:
    """Return the statements of one request, which runs in this process.

    It is the second request: the first one of a process fills caches.
    """
    first, second = runner.create_todos(1), runner.create_todos(1)
    runner.mark_done(first, handler)
    with CaptureQueriesContext(connection) as captured:
        runner.mark_done(second, handler)
    statements = [str(query["sql"]).strip() for query in captured.captured_queries]
    control = [sql for sql in statements if sql.startswith(CONTROL)]
    return Statements(queries=[sql for sql in statements if sql not in control], control=control)
