"""The checks of the database that has the outbox; Django runs them before it migrates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections, router

from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery
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
    if checked_outbox(databases) is None:
        return []
    try:
        message = foreign_environment()
    except InvalidSetting:
        return []
    return [Error(message, hint=ADOPT, id="dj_actions.E005")] if message else []


def checked_outbox(databases: Iterable[str] | None) -> str | None:
    """Return the alias of the database with the outbox, if it is checked and has the tables.

    Args:
        databases: aliases of the databases that are checked.
    """
    alias = router.db_for_write(Delivery)
    if alias not in (databases or ()):
        return None
    has_table = Delivery._meta.db_table in connections[alias].introspection.table_names()
    return alias if has_table else None
