"""One contender's backlog: make it, and tell afterwards that each job was done exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from benchmarks.drain.contenders import Contender
from benchmarks.errors import NoFigure

CHUNK = 250_000
"""Jobs that are made at once."""


class WrongAccount(NoFigure):
    """What is in the database is not what the contender says it has done."""


class Backlog:
    """The jobs of one contender, in a database of its own.

    Args:
        contender: whose they are.
        url: of the database.
    """

    def __init__(self, contender: Contender, url: str) -> None:
        self._contender = contender
        self.url = url
        self._untouched = 0
        self._finished = 0
        if contender.prepare:
            self._execute(contender.prepare)

    @property
    def untouched(self) -> int:
        """How many there must be that nobody has begun."""
        return self._untouched

    def empty(self) -> None:
        """Forget all jobs."""
        self._execute(_on_tables("TRUNCATE {} CASCADE", self._contender))
        self._untouched = self._finished = 0

    def tidy(self) -> None:
        """Do for rows that are kept what autovacuum would do in time."""
        self._execute(_on_tables("VACUUM (ANALYZE) {}", self._contender))

    def load(self, count: int) -> None:
        """Add jobs."""
        self._in_chunks(self._contender.load, count)
        self._untouched += count

    def settle_down(self) -> None:
        """Let the database look at the rows, and write down all that it has in memory."""
        self._execute(_on_tables("ANALYZE {}", self._contender))
        # Else one contender would pay for what was written for another. It takes a privilege.
        with suppress(psycopg.errors.InsufficientPrivilege):
            self._execute("CHECKPOINT")

    def load_finished(self, count: int) -> None:
        """Add jobs that are done."""
        self._in_chunks(self._contender.settle, count)
        self._finished += count

    def load_neighbours(self, count: int) -> None:
        """Add jobs for others."""
        self._in_chunks(self._contender.neighbours, count)

    def check(self, done: int) -> None:
        """Compare the rows with what the contender's processes have counted.

        Raises:
            WrongAccount: they differ; the message names each difference.
        """
        self._untouched -= done
        self._finished += done
        found = {
            "finished exactly once": (self._count(self._contender.finished), self._finished),
            "left alone": (self._count(self._contender.untouched), self._untouched),
        }
        wrong = [f"{what}: {has} instead of {must}" for what, (has, must) in found.items()
                 if has != must]  # fmt: skip
        if wrong:
            raise WrongAccount(
                f"{self._contender.title} says it has done {done} jobs, but the database does not: "
                f"{'; '.join(wrong)}."
            )

    @contextmanager
    def held_snapshot(self) -> Iterator[None]:
        """Hold a snapshot of the database, as a long report or a forgotten session does."""
        with psycopg.connect(self.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            # The snapshot is taken by the first statement, and held until the transaction ends.
            connection.execute("SELECT 1")
            yield

    def _in_chunks(self, statement: str, count: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for start in range(0, count, CHUNK):
                connection.execute(statement, {"count": min(CHUNK, count - start)})

    def _execute(self, statement: str | sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def _count(self, statement: str) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0


def _on_tables(statement: str, contender: Contender) -> sql.Composed:
    tables = sql.SQL(", ").join(map(sql.Identifier, contender.tables))
    return sql.SQL(statement).format(tables)
