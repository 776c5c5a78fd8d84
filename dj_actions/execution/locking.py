"""Lock the objects that an action is going to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db import models, router

_Model = TypeVar("_Model", bound=models.Model)


def can_lock(queryset: models.QuerySet[Any]) -> bool:
    """Tell whether PostgreSQL can lock the rows of a query as it is.

    It refuses DISTINCT, GROUP BY, set operations and window functions.
    """
    query = queryset.query
    return not (
        query.distinct
        or query.combinator
        or query.group_by is not None
        or any(entry.contains_over_clause for entry in query.annotations.values())
    )


def where_writes_go(queryset: models.QuerySet[_Model]) -> models.QuerySet[_Model]:
    """Return the queryset on the database that takes writes, wherever reads are routed to.

    There locks are taken; a replica may not have seen what a lock has waited for.
    """
    database = router.db_for_write(queryset.model)
    return queryset if queryset.db == database else queryset.using(database)


def locked(queryset: models.QuerySet[_Model]) -> models.QuerySet[_Model]:
    """Lock the rows of a queryset, as it is read, until the transaction ends.

    A no-op on SQLite, which has no row locks: there a writing transaction is alone.
    """
    rows = where_writes_go(queryset)
    # The key may be referred to meanwhile: inserts elsewhere need not wait.
    return rows.select_for_update(of=("self", *_parents(queryset.model)), no_key=True)


def _parents(model: type[models.Model], path: str = "") -> Iterator[str]:
    """Yield the links to the tables that hold the inherited columns."""
    concrete: Any = model._meta.concrete_model
    for parent, link in concrete._meta.parents.items():
        if link is not None:
            name = f"{path}{link.name}"
            yield name
            yield from _parents(parent, f"{name}__")


def lock_rows(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Lock the rows with these primary keys until the transaction ends, in one order for all."""
    rows = locked(model._base_manager.filter(pk__in=list(keys)).order_by("pk"))
    # Read, or nothing is locked; whole, or the tables of parent models are not.
    list(rows)
