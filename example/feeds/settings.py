"""Everything comes from the environment; what is missing is named."""

from __future__ import annotations

import os

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """Return the variable's value, or say that it has to be set."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def database(name: str) -> dj_database_url.DBConfig:
    """Return the database that the variable's URL names."""
    try:
        config = dj_database_url.parse(required(name), conn_max_age=60, conn_health_checks=True)
    except ValueError as error:
        # Not the URL itself: it may hold a password.
        raise ImproperlyConfigured(f"{name} is not a database URL: {error}") from error
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {**config.get("OPTIONS", {}), **SQLITE_OPTIONS}
    return config


# Without them SQLite answers concurrent writers with "database is locked".
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
}

SECRET_KEY = required("FEEDS_SECRET_KEY")
FEEDS_SERVER = {
    "API_KEY": required("FEEDS_API_KEY"),
    "API_SECRET": required("FEEDS_API_SECRET"),
}
DATABASES = {"default": database("FEEDS_DATABASE_URL")}

# stream-python reaches a server without a prefix to its name at http://localhost:PORT only.
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *filter(None, map(str.strip, os.environ.get("FEEDS_ALLOWED_HOSTS", "").split(","))),
]

INSTALLED_APPS = ["dj_actions_stream.server"]
ROOT_URLCONF = "example.feeds.urls"
# It is what compares the Host with ALLOWED_HOSTS. A redirect to the address with a slash would
# lose a POST's body.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
WSGI_APPLICATION = "example.feeds.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
