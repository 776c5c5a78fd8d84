"""Moments by the database's clock: no decision depends on the clock of a machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connections, models
from django.db.models.functions import Now


def after(seconds: float) -> models.Expression:
    """Return the moment so many seconds from now."""
    if not seconds:
        return Now()  # not `Now() + 0`, which SQLite writes as a later text of the same moment
    return models.ExpressionWrapper(
        Now() + timedelta(seconds=seconds), output_field=models.DateTimeField()
    )


def database_time(*, using: str) -> datetime:
    """Return the database's present time.

    Args:
        using: alias of the database.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        (moment,) = cursor.fetchone()
    if isinstance(moment, datetime):
        return moment
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)  # SQLite has no type for it
