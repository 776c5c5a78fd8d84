"""A candidate's backlog: create it, and verify that each job was done exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from benchmarks.drain.candidates import Candidate
from benchmarks.errors import BenchmarkError

CHUNK_SIZE = 250_000
"""Jobs created per statement."""


class RowCountError(BenchmarkError):
    """The rows in the database do not match the jobs that the candidate counted."""


class Backlog:
    """The jobs of one candidate in its own database.

    Args:
        candidate: the candidate.
        url: URL of the database.
        keys: number of ordering keys of the jobs; 0 for jobs without order.
    """

    def __init__(self, candidate: Candidate, url: str, *, keys: int = 0) -> None:
        self._keys = keys
        self._candidate = candidate
        self.url = url
        self._pending = 0
        self._finished = 0
        if candidate.prepare:
            self._execute(candidate.prepare)

    @property
    def pending(self) -> int:
        """Expected number of jobs that have not been started."""
        return self._pending

    def clear(self) -> None:
        """Delete all jobs."""
        self._execute(_on_tables("TRUNCATE {} CASCADE", self._candidate))
        self._pending = self._finished = 0

    def vacuum(self) -> None:
        """Vacuum the tables, as autovacuum does in the long run."""
        self._execute(_on_tables("VACUUM (ANALYZE) {}", self._candidate))

    def load(self, count: int) -> None:
        """Create jobs."""
        self._in_chunks(self._candidate.load, count)
        self._pending += count

    def prepare_database(self) -> None:
        """Analyze the tables and write a checkpoint."""
        self._execute(_on_tables("ANALYZE {}", self._candidate))
        # Otherwise one candidate would pay for writes of another. CHECKPOINT needs a privilege.
        with suppress(psycopg.errors.InsufficientPrivilege):
            self._execute("CHECKPOINT")

    def load_finished(self, count: int) -> None:
        """Create finished jobs."""
        self._in_chunks(self._candidate.settle, count)
        self._finished += count

    def load_neighbors(self, count: int) -> None:
        """Create jobs of another publisher."""
        self._in_chunks(self._candidate.neighbors, count)

    def load_blocked(self, *, parked: int, waiting: int) -> None:
        """Create lines of two jobs that block: behind a dead job, and behind one due later."""
        self._in_chunks(self._candidate.parked, 2 * parked)
        self._in_chunks(self._candidate.waiting, 2 * waiting)

    def verify(self, done: int) -> None:
        """Compare the rows with the number of jobs that the candidate's processes counted.

        Raises:
            RowCountError: the numbers differ; the message lists each difference.
        """
        self._pending -= done
        self._finished += done
        found = {
            "finished exactly once": (self._count(self._candidate.finished), self._finished),
            "not started": (self._count(self._candidate.pending), self._pending),
        }
        errors = [
            f"{label}: {actual} instead of {expected}"
            for label, (actual, expected) in found.items()
            if actual != expected
        ]
        if errors:
            raise RowCountError(
                f"{self._candidate.title} counted {done} jobs, but the database differs: "
                f"{'; '.join(errors)}."
            )

    @contextmanager
    def held_snapshot(self) -> Iterator[None]:
        """Hold a snapshot of the database, like a long report or an idle session."""
        with psycopg.connect(self.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            # The snapshot is taken by the first statement, and held until the transaction ends.
            connection.execute("SELECT 1")
            yield

    def _in_chunks(self, statement: str, count: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for start in range(0, count, CHUNK_SIZE):
                number = min(CHUNK_SIZE, count - start)
                connection.execute(statement, {"count": number, "keys": self._keys})

    def _execute(self, statement: str | sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def _count(self, statement: str) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0


def _on_tables(statement: str, candidate: Candidate) -> sql.Composed:
    tables = sql.SQL(", ").join(map(sql.Identifier, candidate.tables))
    return sql.SQL(statement).format(tables)
