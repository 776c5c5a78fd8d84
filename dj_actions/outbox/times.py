"""Times of the database's columns, which have a time zone only with USE_TZ."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db import connections
from django.utils.timezone import get_default_timezone


def aware(time: datetime, *, using: str) -> datetime:
    """Return a column's time with its time zone.

    Without USE_TZ, PostgreSQL returns times in TIME_ZONE, and SQLite returns UTC.

    Args:
        time: the value of a column; one that has a time zone is returned as it is.
        using: alias of the database.
    """
    if time.tzinfo:
        return time
    is_postgres = connections[using].vendor == "postgresql"
    return time.replace(tzinfo=get_default_timezone() if is_postgres else UTC)


def comparable(time: datetime, *, using: str) -> datetime:
    """Return a time in the form in which the database compares it with its columns.

    Args:
        time: a time with or without a time zone.
        using: alias of the database.
    """
    is_postgres = connections[using].vendor == "postgresql"
    if settings.USE_TZ or is_postgres or not time.tzinfo:
        return time
    return time.astimezone(UTC).replace(tzinfo=None)
