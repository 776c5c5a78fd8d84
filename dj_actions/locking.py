"""Lock the objects that an action is going to change."""

from __future__ import annotations

from collections.abc import Iterable
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


def locked(queryset: models.QuerySet[_Model]) -> models.QuerySet[_Model]:
    """Lock the rows of a queryset, as it is read, until the transaction ends.

    A no-op on SQLite, which has no row locks: there a writing transaction is alone.
    """
    # Row locks are taken where writes go, whatever database reads are routed to.
    return queryset.using(router.db_for_write(queryset.model)).select_for_update(of=("self",))


def lock_rows(model: type[models.Model], keys: Iterable[Any]) -> None:
    """Lock the rows with these primary keys until the transaction ends, in one order for all."""
    rows = locked(model._base_manager.filter(pk__in=list(keys)).order_by("pk"))
    # Read, or nothing is locked.
    list(rows.values_list("pk"))
