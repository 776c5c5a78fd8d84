"""The base of all query sets, and functions that several of them use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import connections, models, router

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MAX_ID = 2**63 - 1
"""The largest id of a delivery, a `bigint` column."""

Row = TypeVar("Row", bound=models.Model, covariant=True)  # noqa: PLC0105 - named as in Django


class RecordQuerySet(models.QuerySet[Row]):
    """A query set that can address the database that writes go to."""

    def _on_write_database(self) -> Self:
        """Return the same rows on the write database: reads may be routed to a replica."""
        return self.using(router.db_for_write(self.model))

    @property
    def _is_postgres(self) -> bool:
        return connections[self.db].vendor == "postgresql"


def without_none(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that have a value."""
    return {lookup: value for lookup, value in filters.items() if value is not None}


def counted_together(*querysets: models.QuerySet[Any, Any]) -> tuple[int, ...]:
    """Count the rows of several query sets of one database, in one statement."""
    return _selected("(SELECT count(*) FROM ({}) AS counted)", querysets)


def exist_together(*querysets: models.QuerySet[Any, Any]) -> tuple[bool, ...]:
    """Return which of several query sets of one database have rows, in one statement."""
    return tuple(map(bool, _selected("EXISTS ({})", querysets)))


def _selected(template: str, querysets: Sequence[models.QuerySet[Any, Any]]) -> tuple[Any, ...]:
    """Return one value of each query set: the template with its statement."""
    using = querysets[0].db
    compiled = [queryset.query.get_compiler(using).as_sql() for queryset in querysets]
    values = ", ".join(template.format(sql) for sql, _ in compiled)
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT {values}", [value for _, own in compiled for value in own])
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def with_claim_time(deliveries: Iterable[Any]) -> list[Delivery]:
    """Return the rows with `claimed_at` set to their annotation `database_time`."""
    rows = list(deliveries)
    for delivery in rows:
        delivery.claimed_at = delivery.database_time
    return rows
