"""Queries of pages: what waits, what was given up, and why; bounded, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MAX_COUNTED = 100_000
"""Pending deliveries that a page counts at most; more are shown as "100,000+"."""

MAX_COMPARED = 1000
"""Deliveries in each state that a version depends on at most."""

RELAY_TIMEOUT = 15
"""Seconds without a heartbeat after which a relay is shown as dead."""

SILENT_SINCE_POSTGRES = f"now() - interval '{RELAY_TIMEOUT} seconds'"
SILENT_SINCE_SQLITE = f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-{RELAY_TIMEOUT} seconds')"

MAX_FAILURES = 5000
"""Dead letters that a page groups by cause at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCounts:
    """The pending deliveries of one publisher."""

    pending: int
    retrying: int
    """Those of them that were tried before."""

    oldest_queued_at: datetime
    next_attempt_at: datetime
    """When the first of them is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A delivery with its latest error."""

    pk: int
    publisher: str
    at: datetime
    """When it was given up, or is tried again."""

    error: Mapping[str, Any]
    """The latest error: kind and message; empty without one."""


class OverviewQueries(RecordQuerySet["Delivery"]):
    """Queries of pages."""

    def waiting_counts(self, *, limit: int = MAX_COUNTED) -> dict[str, WaitingCounts]:
        """Count the pending deliveries by publisher, in one statement.

        Args:
            limit: deliveries that are counted at most, of all publishers together.
        """
        table = self.model._meta.db_table
        statement = f"""
            SELECT publisher, count(*), count(CASE WHEN attempts > 0 THEN 1 END),
                   min(queued_at), min(available_at)
            FROM (
                SELECT publisher, attempts, queued_at, available_at FROM {table}
                WHERE state = %s LIMIT %s
            ) AS waiting
            GROUP BY publisher
        """  # noqa: S608 - the name of our own table
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement, [DeliveryState.PENDING.value, limit])
            rows = cursor.fetchall()
        return {
            publisher: WaitingCounts(
                pending=pending,
                retrying=retrying,
                oldest_queued_at=self._as_time("queued_at", queued_at),
                next_attempt_at=self._as_time("available_at", available_at),
            )
            for publisher, pending, retrying, queued_at, available_at in rows
        }

    def failed(self, *, limit: int = MAX_FAILURES) -> list[FailedDelivery]:
        """Return the dead letters with their latest errors; some of them, if there are more."""
        rows = self.filter(state=DeliveryState.DEAD).order_by()
        columns = ("pk", "publisher", "settled_at", "errors")
        return [
            FailedDelivery(pk=pk, publisher=publisher, at=at, error=errors[-1] if errors else {})
            for pk, publisher, at, errors in rows.values_list(*columns)[:limit]
        ]

    def page_before(self, pk: int | None, *, size: int) -> list[Delivery]:
        """Return a page of these deliveries with their events, newest first.

        Args:
            pk: only deliveries before this one; None for the first page.
            size: one more than the rows on the page shows whether there is a next page.
        """
        rows = self if pk is None else self.filter(pk__lt=pk)
        return list(rows.select_related("event").order_by("-pk")[:size])

    def outbox_version(self) -> str:
        """Return a text that changes when the outbox does, in one cheap statement.

        It covers new events, the deliveries that are not settled, dead letters, remote runs,
        publishers, and relays that have been silent for `RELAY_TIMEOUT`.
        """
        event: Any = self.model._meta.get_field("event").related_model
        is_postgres = connections[self.db].vendor == "postgresql"
        silent_since = SILENT_SINCE_POSTGRES if is_postgres else SILENT_SINCE_SQLITE
        statement = f"""
            SELECT (SELECT id FROM {event._meta.db_table} ORDER BY id DESC LIMIT 1),
                   {self._open_version("state = 'pending'")},
                   {self._open_version("state = 'sending'")},
                   {self._open_version("state = 'dead'")},
                   {self._open_version("remote_state = 'running'")},
                   (SELECT count(paused_at) || ',' || count(open_until) || ',' ||
                           coalesce(sum(failures), 0) FROM dj_actions_publisherstate),
                   (SELECT count(*) FROM dj_actions_relayheartbeat
                    WHERE seen_at >= {silent_since})
        """  # noqa: S608 - names and constants of our own
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
        return blake2b(repr(row).encode(), digest_size=12).hexdigest()

    def _open_version(self, condition: str) -> str:
        """Return a subquery of the number of some deliveries, and of all their attempts."""
        return f"""(
            SELECT count(*) || ',' || coalesce(sum(attempts), 0) FROM (
                SELECT attempts FROM {self.model._meta.db_table}
                WHERE {condition} LIMIT {MAX_COMPARED}
            ) AS compared
        )"""  # noqa: S608 - names and constants of our own

    def _as_time(self, column: str, value: Any) -> datetime:
        """Return the value of a column that no field has converted."""
        if isinstance(value, datetime):
            return value
        field: Any = self.model._meta.get_field(column)
        connection = connections[self.db]
        for convert in connection.ops.get_db_converters(field.get_col(self.model._meta.db_table)):
            value = convert(value, None, connection)
        moment: datetime = value
        return moment
