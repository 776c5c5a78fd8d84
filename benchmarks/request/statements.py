"""Look at the statements of one request; never while it is timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.request.in_process import InProcess
from benchmarks.request.rounds import Runner

CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What one request says to the database."""

    queries: Sequence[str]
    """Those that read or write."""

    control: Sequence[str]
    """Those that begin and end transactions and savepoints; each is a round trip too."""


def statements_of(runner: Runner, handler: InProcess) -> Statements:
    """Run one request in this process, where its statements can be seen, and return them.

    It is the second one: the first of a process looks up what later ones remember.
    """
    first, second = runner.fresh_todos(2)
    runner.mark_done([first], handler)
    with CaptureQueriesContext(connection) as captured:
        runner.mark_done([second], handler)
    said = [str(query["sql"]).strip() for query in captured.captured_queries]
    control = [sql for sql in said if sql.startswith(CONTROL)]
    return Statements(queries=[sql for sql in said if sql not in control], control=control)
