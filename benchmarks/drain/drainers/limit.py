"""The limit: the rate that PostgreSQL allows for claiming and finishing in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from benchmarks.drain.counter import counter
from benchmarks.drain.drainers import Drain

BATCH_SIZE = 100

# Materialized: a plain subquery could be executed more than once and claim more rows.
CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM bare_backlog WHERE state = 'pending'
        ORDER BY id LIMIT {BATCH_SIZE} FOR UPDATE SKIP LOCKED
    )
    UPDATE bare_backlog SET state = 'claimed' FROM due WHERE bare_backlog.id = due.id
    RETURNING bare_backlog.id, bare_backlog.payload
"""
FINISH = "UPDATE bare_backlog SET state = 'finished' WHERE id = ANY(%s) AND state = 'claimed'"


@contextmanager
def open_limit() -> Iterator[Drain]:
    """Connect in autocommit mode."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield partial(_drain, connection)


def _drain(connection: psycopg.Connection[tuple[int, object]], _limit: int | None) -> int:
    counter.start()
    while rows := connection.execute(CLAIM).fetchall():
        counter.increment(len(rows))
        connection.execute(FINISH, [[row[0] for row in rows]])
    return counter.jobs
