"""Queries of pages that list deliveries; bounded, whatever the tables hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import F
from django.db.models.expressions import RawSQL

from dj_actions.outbox.queries.base import RecordQuerySet

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MAX_SEARCHED = 5000
"""Deliveries that a page searches at most for what has no index."""

NEWEST_STATEMENT = """
    SELECT id FROM (
        SELECT id, {column} FROM {table} ORDER BY id DESC LIMIT %s
    ) AS newest WHERE {column} = %s
"""


class PageQueries(RecordQuerySet["Delivery"]):
    """Lists of deliveries, one page at a time."""

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
