"""The deliveries that are pending, and the runs that Airflow has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from benchmarks.drain.candidates import EVENTS
from benchmarks.errors import BenchmarkError

LOAD = f"""{EVENTS}
    INSERT INTO dj_actions_delivery (event_id, publisher, options, available_at)
    SELECT id, 'pipelines', '{{}}', now() - (%(count)s - object_id::int) * interval '1 ms'
    FROM events ORDER BY object_id::int
"""

DELIVERED = """
    SELECT receipt_id FROM dj_actions_delivery
    WHERE state = 'delivered' AND attempts = 1 AND receipt_id = 'djactions-' || event_id
"""

UNTRIED = "SELECT count(*) FROM dj_actions_delivery WHERE state = 'pending' AND attempts = 0"

RUNS = """
    SELECT run_id, extract(epoch FROM queued_at)::float FROM dag_run
    WHERE queued_at >= to_timestamp(%s) ORDER BY queued_at
"""


class Run(NamedTuple):
    """A run of Airflow."""

    id: str
    queued_at: float
    """Seconds since 1970, by the clock of the API server."""


def load(url: str, count: int) -> None:
    """Delete all deliveries, and create new ones."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE dj_actions_actionevent, dj_actions_delivery CASCADE")
        connection.execute(LOAD, {"count": count})
        connection.execute("ANALYZE dj_actions_actionevent, dj_actions_delivery")


def runs_since(url: str, moment: float) -> list[Run]:
    """Return the runs that were triggered since a moment, from the database of Airflow."""
    with psycopg.connect(url) as connection:
        return [Run(*row) for row in connection.execute(RUNS, [moment])]


def rate_between(runs: Sequence[Run], start: float, end: float) -> float:
    """Return how many runs per second were triggered between two moments."""
    return sum(start <= run.queued_at < end for run in runs) / (end - start)


def verify(url: str, runs: Sequence[Run], count: int) -> None:
    """Compare the rows with the runs of Airflow.

    Args:
        url: the database of the deliveries.
        runs: what Airflow has.
        count: how many deliveries there were.

    Raises:
        BenchmarkError: other deliveries are delivered, or the rest is not pending, or too few were
            left.
    """
    with psycopg.connect(url) as connection:
        delivered = [row[0] for row in connection.execute(DELIVERED)]
        (untried,) = connection.execute(UNTRIED).fetchone() or (0,)
    if sorted(delivered) != sorted(run.id for run in runs) or len(delivered) + untried != count:
        raise BenchmarkError(
            f"Airflow has {len(runs)} new runs; in the database are {len(delivered)} deliveries "
            f"that were delivered in one attempt, and {untried} untried ones of {count}."
        )
    if not untried:
        raise BenchmarkError(f"All {count} were sent before the time was over: use --seconds.")
