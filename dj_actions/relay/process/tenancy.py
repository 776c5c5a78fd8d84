"""Let the threads of a relay work in the schema in which it was started.

Each of them opens its own connection, which begins in the schema of the settings. With one schema
per tenant, the thread that starts the relay has selected another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def current_tenants() -> dict[str, Any]:
    """Return the tenant that each connection of this thread has.

    Backends such as that of django-tenants set the search path for it before each statement.
    """
    tenants = {
        connection.alias: getattr(connection, "tenant", None)
        for connection in connections.all(initialized_only=True)
        if hasattr(connection, "set_tenant")
    }
    return {alias: tenant for alias, tenant in tenants.items() if tenant is not None}


def select_tenants(tenants: Mapping[str, Any]) -> None:
    """Select tenants for the connections of this thread.

    Args:
        tenants: what `current_tenants` has returned in another thread.
    """
    for alias, tenant in tenants.items():
        connections[alias].set_tenant(tenant)  # type: ignore[attr-defined]  # checked above


@contextmanager
def same_search_path() -> Iterator[None]:
    """Give each connection that is opened in the block the search path of this thread's one."""
    paths = {
        connection.alias: path
        for connection in connections.all(initialized_only=True)
        if (path := _changed_search_path(connection)) is not None
    }

    def set_path(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if connection.alias in paths:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('search_path', %s, false)", [paths[connection.alias]]
                )

    connection_created.connect(set_path, weak=False)
    try:
        yield
    finally:
        connection_created.disconnect(set_path)


def _changed_search_path(connection: BaseDatabaseWrapper) -> str | None:
    """Return the search path of an open connection, if it was set with SET."""
    is_managed = hasattr(connection, "set_tenant")
    if connection.vendor != "postgresql" or connection.connection is None or is_managed:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting, reset_val FROM pg_settings WHERE name = 'search_path'")
        current, initial = cursor.fetchone()
    return None if current == initial else str(current)
