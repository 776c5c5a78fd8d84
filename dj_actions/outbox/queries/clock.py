"""Times by the database's clock: no decision depends on the clock of a machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connections, models
from django.db.models.functions import Now


def from_now(seconds: float) -> models.Expression:
    """Return an expression for the database's current time plus some seconds."""
    if not seconds:
        return Now()  # SQLite stores `Now() + 0` in another format, which compares as later
    return models.ExpressionWrapper(
        Now() + timedelta(seconds=seconds), output_field=models.DateTimeField()
    )


def database_time(*, using: str) -> datetime:
    """Return the database's current time, in the form in which it returns its columns.

    Args:
        using: alias of the database.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        (time,) = cursor.fetchone()
    if isinstance(time, datetime):
        return time
    # SQLite has no type for it.
    return datetime.fromisoformat(time).replace(tzinfo=UTC if settings.USE_TZ else None)
