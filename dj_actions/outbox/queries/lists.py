"""Queries of lists of deliveries: what they filter by, and pages that read a bounded number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import DatabaseError, connections, transaction
from django.db.models import F
from django.db.models.expressions import RawSQL

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.times import aware, comparable
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MAX_SCANNED = 50_000
"""Deliveries that a page of a list reads at most for what has no index."""

MAX_SEARCHED = 5000
"""Deliveries that a page searches at most for what has no index."""

NEWEST_STATEMENT = """
    SELECT id FROM (
        SELECT id, {column} FROM {table} ORDER BY id DESC LIMIT %s
    ) AS newest WHERE {column} = %s
"""

STATEMENT_WAS_CANCELED = "57014"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""


class SearchTimeout(Exception):
    """A search of all deliveries took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """A page of the deliveries that match."""

    rows: list[Delivery]

    searched_since: datetime | None = None
    """When the event of the last delivery was recorded that was searched; None if no page is
    missing a delivery."""


class ListQueries(RecordQuerySet["Delivery"]):
    """Queries of lists of deliveries."""

    def retrying(self) -> Self:
        """Return the pending deliveries that were tried before."""
        return self.filter(state=DeliveryState.PENDING, attempts__gt=0)

    def with_failed_attempts(self) -> Self:
        """Return the deliveries of which an attempt has failed."""
        return self.exclude(errors=[])

    def settled_from(self, time: datetime) -> Self:
        """Return the deliveries that were settled at a time or later."""
        return self.filter(settled_at__gte=comparable(time, using=self.db))

    def ended_from(self, time: datetime) -> Self:
        """Return the deliveries whose remote run ended at a time or later."""
        return self.filter(remote_ended_at__gte=comparable(time, using=self.db))

    def are_few(self) -> bool:
        """Return whether a page may read all of these deliveries, which an index has to have."""
        return self.order_by()[: MAX_SCANNED + 1].count() <= MAX_SCANNED

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

    def page_before(self, pk: int | None, *, size: int, are_few: bool = False) -> list[Delivery]:
        """Return a page of these deliveries with their events, newest first.

        Args:
            pk: only deliveries before this one; None for the first page.
            size: one more than the rows on the page shows whether there is a next page.
            are_few: whether these are few of all, as dead letters are: then an index that has only
                those is used, where PostgreSQL would read all deliveries until it has enough.
        """
        rows = self if pk is None else self.filter(pk__lt=pk)
        if are_few:  # no index is in the order of a sum, so all of them are found and sorted
            newest = rows.order_by((F("pk") + 0).desc()).values("pk")[:size]
            rows = type(self)(model=self.model, using=self.db).filter(pk__in=newest)
        return list(rows.select_related("event").order_by("-pk")[:size])

    def recent_page_before(self, pk: int | None, *, size: int, among: Self) -> FoundPage:
        """Return a page of these deliveries, as far as it is found among the newest ones of all.

        Args:
            pk: only deliveries before this one; None for the first page. Those before it are
                searched then.
            size: as for `page_before`.
            among: all deliveries that are searched.
        """
        newest = (among if pk is None else among.filter(pk__lt=pk)).order_by("-pk")
        # Asked for by itself: PostgreSQL has to know how few those are before it chooses an index.
        last = newest.values_list("pk", flat=True)[MAX_SCANNED - 1 : MAX_SCANNED].first()
        rows = self if last is None else self.filter(pk__gte=last)
        page = rows.page_before(pk, size=size)
        if last is None or len(page) >= size:
            return FoundPage(rows=page)
        recorded_at = newest.values_list("event__created_at", flat=True).get(pk=last)
        return FoundPage(rows=page, searched_since=aware(recorded_at, using=self.db))

    def whole_page_before(
        self, pk: int | None, *, size: int, are_few: bool, seconds: float
    ) -> FoundPage:
        """Return a page of these deliveries, however many have to be read for it.

        Args:
            pk: as for `page_before`.
            size: as for `page_before`.
            are_few: as for `page_before`.
            seconds: maximum duration of the search on PostgreSQL.

        Raises:
            SearchTimeout: it took longer.
        """
        with self._limited(seconds):
            return FoundPage(rows=self.page_before(pk, size=size, are_few=are_few))

    @contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        """Let a statement take no longer than some seconds, on PostgreSQL."""
        connection = connections[self.db]
        if connection.vendor != "postgresql":
            yield
            return
        try:
            # The limit ends with the transaction, of ATOMIC_REQUESTS if there is one.
            with transaction.atomic(using=self.db):
                with connection.cursor() as cursor:
                    limit = f"{seconds * 1000:.0f}"
                    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
                yield
        except DatabaseError as error:
            driver_error = error.__cause__
            code = getattr(driver_error, "sqlstate", None) or getattr(driver_error, "pgcode", None)
            if code != STATEMENT_WAS_CANCELED:
                raise
            raise SearchTimeout(f"The search took longer than {seconds:g} seconds.") from error
