"""Lock the rows that an action is going to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db import models, router

_Model = TypeVar("_Model", bound=models.Model)


def supports_for_update(queryset: models.QuerySet[Any]) -> bool:
    """Return whether PostgreSQL supports FOR UPDATE on this query.

    It does not for DISTINCT, GROUP BY, set operations and window functions
    (https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE).
    """
    query = queryset.query
    return not (
        query.distinct
        or query.combinator
        or query.group_by is not None
        or any(entry.contains_over_clause for entry in query.annotations.values())
    )


def on_write_database(queryset: models.QuerySet[_Model]) -> models.QuerySet[_Model]:
    """Return the queryset on the database for writes, wherever reads are routed to.

    Locks are taken there; a replica may be behind the changes that a lock has waited for.
    """
    database = router.db_for_write(queryset.model)
    return queryset if queryset.db == database else queryset.using(database)


def for_update(queryset: models.QuerySet[_Model]) -> models.QuerySet[_Model]:
    """Return the queryset with row locks, held until the transaction ends.

    A no-op on SQLite, which has no row locks: it runs one writing transaction at a time.
    """
    rows = on_write_database(queryset)
    # FOR NO KEY UPDATE: inserts of rows that refer to these need not wait.
    return rows.select_for_update(of=("self", *_parents(queryset.model)), no_key=True)


def _parents(model: type[models.Model], path: str = "") -> Iterator[str]:
    """Yield the links to the parent tables of multi-table inheritance."""
    concrete: Any = model._meta.concrete_model
    for parent, link in concrete._meta.parents.items():
        if link is not None:
            name = f"{path}{link.name}"
            yield name
            yield from _parents(parent, f"{name}__")


def lock_rows(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Lock the rows with these primary keys until the transaction ends.

    The order is the same for every caller, so that two of them cannot deadlock.
    """
    rows = for_update(model._base_manager.filter(pk__in=list(keys)).order_by("pk"))
    # Evaluated, or nothing is locked; with all columns, or parent tables are not locked.
    list(rows)
