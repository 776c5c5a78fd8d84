"""Queries of pages: what waits, what was given up, and why; bounded, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import connections
from django.db.models.expressions import RawSQL

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

RELAY_TIMEOUT = 11
"""Seconds without a heartbeat after which a relay is shown as dead: it has missed two. A page that
asks every 3 seconds then shows it within 15 seconds of its end."""

MAX_GROUPED = 1000
"""Dead letters of one publisher that a page groups by cause at most: the newest."""

MAX_FAILED_RUNS = 1000
"""Failed runs that a page looks at: those of the latest actions."""

MAX_SEARCHED = 5000
"""Deliveries that a page searches at most for what has no index."""

MAX_MESSAGE = 300
"""Characters of an error that are read."""

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

FAILED_STATEMENT = """
    SELECT failed.* FROM unnest(%(publishers)s::text[]) AS wanted (publisher)
    CROSS JOIN LATERAL (
        SELECT id, publisher, settled_at, errors -> -1 ->> 'kind',
               left(errors -> -1 ->> 'message', {message})
        FROM {table} WHERE state = 'dead' AND publisher = wanted.publisher
        ORDER BY settled_at DESC LIMIT {limit}
    ) AS failed
"""


NEWEST_STATEMENT = """
    SELECT id FROM (
        SELECT id, {column} FROM {table} ORDER BY id DESC LIMIT %s
    ) AS newest WHERE {column} = %s
"""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A delivery with its latest error."""

    pk: int
    publisher: str
    at: datetime
    """When it was given up, or is tried again."""

    error: Mapping[str, Any]
    """The latest error: kind and the beginning of its message; empty without one."""


class OverviewQueries(RecordQuerySet["Delivery"]):
    """Queries of pages."""

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

    def failed(
        self, publishers: Collection[str], *, limit: int = MAX_GROUPED
    ) -> list[FailedDelivery]:
        """Return the newest dead letters of each publisher with their latest errors.

        Args:
            publishers: aliases of the publishers.
            limit: dead letters of one publisher at most; on SQLite, of all.
        """
        if not publishers:
            return []
        if not self._is_postgres:
            return self._newest_failed(limit)
        statement = FAILED_STATEMENT.format(
            table=self.model._meta.db_table, limit=int(limit), message=MAX_MESSAGE
        )
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement, {"publishers": list(publishers)})
            rows = cursor.fetchall()
        return [
            FailedDelivery(
                pk=pk,
                publisher=publisher,
                at=at,
                error={"kind": kind or "", "message": message or ""},
            )
            for pk, publisher, at, kind, message in rows
        ]

    def _newest_failed(self, limit: int) -> list[FailedDelivery]:
        rows = self.filter(state=DeliveryState.DEAD).order_by("-settled_at")
        columns = ("pk", "publisher", "settled_at", "errors")
        return [
            FailedDelivery(pk=pk, publisher=publisher, at=at, error=errors[-1] if errors else {})
            for pk, publisher, at, errors in rows.values_list(*columns)[:limit]
        ]

    def newest_with(self, column: str, value: str) -> Self:
        """Return those of these deliveries that have a value, among the newest ones of all.

        Where no index has the value, this bounds how many rows are read.

        Args:
            column: name of the column.
            value: what it has to have.
        """
        field: Any = self.model._meta.get_field(column)
        statement = NEWEST_STATEMENT.format(table=self.model._meta.db_table, column=field.column)
        return self.filter(pk__in=RawSQL(statement, [MAX_SEARCHED, value]))  # noqa: S611

    @property
    def _is_postgres(self) -> bool:
        return connections[self.db].vendor == "postgresql"

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
