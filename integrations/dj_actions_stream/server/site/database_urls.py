"""The database of the site, from a URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# Without these, concurrent writes fail with "database is locked".
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
}


def database(url: str) -> dict[str, Any]:
    """Return the database configuration for `postgres://user:password@host:port/name`, or
    `sqlite:///path`.

    Raises:
        ImproperlyConfigured: it is another kind of URL. The message does not contain the URL,
            which may have a password.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in ("postgres", "postgresql") and parts.path.strip("/"):
            return _postgresql(parts)
    except ValueError as error:
        raise _invalid() from error
    path = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "sqlite" or parts.netloc or not path:
        raise _invalid()
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": dict(SQLITE_OPTIONS),
    }


def _postgresql(parts: SplitResult) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _invalid() -> ImproperlyConfigured:
    return ImproperlyConfigured(
        "FEEDS_DATABASE_URL is not a database URL; expected "
        "postgres://user:password@host:port/name or sqlite:///path."
    )
