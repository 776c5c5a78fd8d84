"""The query of pages that show why deliveries were given up; bounded, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it

MAX_GROUPED = 1000
"""Dead letters of one publisher that a page groups by cause at most: the newest."""

MAX_MESSAGE = 300
"""Characters of an error that are read."""

FAILED_STATEMENT = """
    SELECT failed.* FROM unnest(%(publishers)s::text[]) AS wanted (publisher)
    CROSS JOIN LATERAL (
        SELECT id, publisher, settled_at, errors -> -1 ->> 'kind',
               left(errors -> -1 ->> 'message', {message})
        FROM {table} WHERE state = 'dead' AND publisher = wanted.publisher
        ORDER BY settled_at DESC LIMIT {limit}
    ) AS failed
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A delivery with its latest error."""

    pk: int
    publisher: str
    at: datetime
    """When it was given up, or is tried again."""

    error: Mapping[str, Any]
    """The latest error: kind and the beginning of its message; empty without one."""


class DeadLetterQueries(RecordQuerySet["Delivery"]):
    """The dead letters with their errors."""

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
