"""The checks of the database that has the outbox; Django runs them before it migrates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections, router
from django.db.models import Model

from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.environment import ADOPT, foreign_environment


@register(Tags.database, "dj_actions")
def check_database(*, databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that SQLite transactions acquire the write lock when they start."""
    alias = router.db_for_write(Delivery)
    if alias not in (databases or ()) or connections[alias].vendor != "sqlite":
        return []
    options = connections[alias].settings_dict.get("OPTIONS") or {}
    if str(options.get("transaction_mode", "")).upper() == "IMMEDIATE":
        return []
    return [
        Warning(
            f"The SQLite database {alias!r} opens deferred transactions. Concurrent actions "
            "will fail with 'database is locked'.",
            hint=f"Set DATABASES[{alias!r}]['OPTIONS'] = {{'transaction_mode': 'IMMEDIATE', "
            "'timeout': 5, 'init_command': 'PRAGMA journal_mode=WAL;'}.",
            id="dj_actions.W003",
        )
    ]


@register(Tags.database, "dj_actions")
def check_environment(*, databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that the data belong to this environment."""
    if checked_outbox(databases, PublisherState) is None:
        return []
    try:
        message = foreign_environment()
    except InvalidSetting:
        return []
    return [Error(message, hint=ADOPT, id="dj_actions.E005")] if message else []


def checked_outbox(databases: Iterable[str] | None, model: type[Model]) -> str | None:
    """Return the alias of the database with the outbox, if it is checked and migrated.

    Args:
        databases: aliases of the databases that are checked.
        model: the model whose table is read.
    """
    alias = router.db_for_write(Delivery)
    is_checked = alias in (databases or ())
    return alias if is_checked and _is_migrated(model, alias) else None


def _is_migrated(model: type[Model], alias: str) -> bool:
    """Return whether the table has all columns: `migrate` runs the checks before it adds them."""
    table, connection = model._meta.db_table, connections[alias]
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return False
        found = connection.introspection.get_table_description(cursor, table)
    return {field.column for field in model._meta.concrete_fields} <= {row.name for row in found}
