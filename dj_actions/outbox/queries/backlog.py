"""Counts of pages: the deliveries that wait or were given up; bounded, whatever tables hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import database_time
from dj_actions.outbox.times import aware
from dj_actions.outbox.timings import DAY
from dj_actions.states import DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it

MAX_COUNTED = 5000
"""Deliveries of one publisher in one state that a page counts at most; more are shown as
"5,000+"."""

MAX_FAILED_RUNS = 1000
"""Failed runs that a page counts: those of the latest actions."""

OPEN_PUBLISHERS = """ARRAY(
    WITH RECURSIVE alias (publisher) AS (
        SELECT min(publisher) FROM {table} WHERE state = '{state}'
        UNION ALL
        SELECT (
            SELECT min(publisher) FROM {table}
            WHERE state = '{state}' AND publisher > alias.publisher
        ) FROM alias WHERE alias.publisher IS NOT NULL
    )
    SELECT publisher FROM alias WHERE publisher IS NOT NULL
)"""
"""The publishers with deliveries in a state: each step finds the next one in an index."""

FAILED_RUNS = """(
    SELECT count(*) FROM (
        SELECT remote_ended_at FROM {table} WHERE remote_state = 'failed'
        ORDER BY id DESC LIMIT {limit}
    ) AS newest
    WHERE remote_ended_at > statement_timestamp() - make_interval(secs => {seconds})
)"""

COUNT_STATEMENT = """
    SELECT 'pending', wanted.publisher, counted.*
    FROM unnest(%(pending)s::text[]) AS wanted (publisher)
    CROSS JOIN LATERAL (
        SELECT count(*), count(*) FILTER (WHERE attempts > 0), min(queued_at), min(available_at)
        FROM (
            SELECT attempts, queued_at, available_at FROM {table}
            WHERE state = 'pending' AND publisher = wanted.publisher
            ORDER BY available_at LIMIT {limit}
        ) AS bounded
    ) AS counted
    UNION ALL
    SELECT 'dead', wanted.publisher, counted.*, 0, NULL, NULL
    FROM unnest(%(dead)s::text[]) AS wanted (publisher)
    CROSS JOIN LATERAL (
        SELECT count(*) FROM (
            SELECT FROM {table} WHERE state = 'dead' AND publisher = wanted.publisher LIMIT {limit}
        ) AS bounded
    ) AS counted
"""
"""Counts each publisher by itself: no backlog of one hides another. With the names as an array,
PostgreSQL knows how few they are; otherwise it would compile the statement for longer than it
runs."""

COUNT_ALL_STATEMENT = """
    SELECT state, publisher, count(*), count(CASE WHEN attempts > 0 THEN 1 END),
           min(queued_at), min(available_at)
    FROM {table} WHERE state IN ('pending', 'dead') GROUP BY state, publisher
"""
"""The same where there is no LATERAL: on SQLite, whose tables are small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """The deliveries of one publisher that wait, or were given up."""

    pending: int = 0
    retrying: int = 0
    """Those of them that were tried before."""

    oldest_queued_at: datetime | None = None
    """When the oldest pending delivery was queued; None without one."""

    next_attempt_at: datetime | None = None
    """When the first pending delivery is due; None without one."""

    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The deliveries that wait, or were given up, at one moment."""

    now: datetime
    """The time by the database's clock, with its time zone."""

    counts: Mapping[str, OpenCounts]
    """Publisher → its deliveries; only publishers that have some."""

    failed_runs: int
    """Remote runs that have failed in the last 24 hours."""

    @property
    def failing(self) -> Sequence[str]:
        """The publishers that have dead letters."""
        return [publisher for publisher, counts in self.counts.items() if counts.dead]


class BacklogQueries(RecordQuerySet["Delivery"]):
    """How many deliveries wait, and how many are dead letters."""

    def backlog(self, *, limit: int = MAX_COUNTED) -> Backlog:
        """Count the pending deliveries and the dead letters by publisher, in two statements.

        Args:
            limit: deliveries of one publisher in one state that are counted at most.
        """
        found: dict[str, dict[str, Any]] = {}
        counted = self._counted(limit) if self._is_postgres else self._counted_at_once()
        now, failed_runs, rows = counted
        for state, publisher, number, retrying, oldest, following in rows:
            own = found.setdefault(publisher, {})
            if state == DeliveryState.DEAD:
                own["dead"] = number
                continue
            own |= {
                "pending": number,
                "retrying": retrying,
                "oldest_queued_at": self._as_time("queued_at", oldest),
                "next_attempt_at": self._as_time("available_at", following),
            }
        counts = {publisher: OpenCounts(**own) for publisher, own in found.items()}
        return Backlog(now=aware(now, using=self.db), counts=counts, failed_runs=failed_runs)

    def _counted(self, limit: int) -> tuple[datetime, int, list[tuple[Any, ...]]]:
        """Return the time, the number of failed runs, and the rows of `COUNT_STATEMENT`."""
        table = self.model._meta.db_table
        pending, dead = (
            OPEN_PUBLISHERS.format(table=table, state=state.value)
            for state in (DeliveryState.PENDING, DeliveryState.DEAD)
        )
        with connections[self.db].cursor() as cursor:
            runs = FAILED_RUNS.format(table=table, limit=MAX_FAILED_RUNS, seconds=DAY)
            cursor.execute(f"SELECT statement_timestamp(), {runs}, {pending}, {dead}")
            now, failed_runs, pending, dead = cursor.fetchone()
            if not (pending or dead):
                return now, failed_runs, []
            statement = COUNT_STATEMENT.format(table=table, limit=int(limit))
            cursor.execute(statement, {"pending": pending, "dead": dead})
            return now, failed_runs, cursor.fetchall()

    def _counted_at_once(self) -> tuple[datetime, int, list[tuple[Any, ...]]]:
        now = database_time(using=self.db)
        newest = self.filter(remote_state=RemoteState.FAILED).order_by("-pk")
        ends = newest.values_list("remote_ended_at", flat=True)[:MAX_FAILED_RUNS]
        since = aware(now, using=self.db) - timedelta(seconds=DAY)
        failed_runs = sum(aware(end, using=self.db) >= since for end in ends if end)
        with connections[self.db].cursor() as cursor:
            cursor.execute(COUNT_ALL_STATEMENT.format(table=self.model._meta.db_table))
            return now, failed_runs, cursor.fetchall()

    def _as_time(self, column: str, value: Any) -> datetime | None:
        """Return the value of a column that no field has converted."""
        if value is None or isinstance(value, datetime):
            return value
        field: Any = self.model._meta.get_field(column)
        connection = connections[self.db]
        for convert in connection.ops.get_db_converters(field.get_col(self.model._meta.db_table)):
            value = convert(value, None, connection)
        moment: datetime = value
        return moment
