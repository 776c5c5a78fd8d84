"""Settings of the feeds server's site, from environment variables."""

from __future__ import annotations

import os

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """Return the variable's value, or raise ImproperlyConfigured if it is not set."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def database(name: str) -> dj_database_url.DBConfig:
    """Return the database configuration for the variable's URL."""
    try:
        config = dj_database_url.parse(required(name), conn_max_age=60, conn_health_checks=True)
    except ValueError as error:
        # Not the URL itself: it may contain a password.
        raise ImproperlyConfigured(f"{name} is not a database URL: {error}") from error
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {**config.get("OPTIONS", {}), **SQLITE_OPTIONS}
    return config


# Without these, concurrent writes fail with "database is locked".
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
}

SECRET_KEY = required("FEEDS_SECRET_KEY")
FEEDS_SERVER = {
    "API_KEY": required("FEEDS_API_KEY"),
    "API_SECRET": required("FEEDS_API_SECRET"),
    "GROUPS": {"todo": "flat", "team": "flat"},
    # Its pages give tokens to everyone who reaches them, so they are for loopback only.
    "BROWSER": os.environ.get("FEEDS_BROWSER") == "1",
}
DATABASES = {"default": database("FEEDS_DATABASE_URL")}

# stream-python prefixes the host name of any server but http://localhost:PORT.
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *filter(None, map(str.strip, os.environ.get("FEEDS_ALLOWED_HOSTS", "").split(","))),
]

INSTALLED_APPS = ["dj_actions_stream.server"]
ROOT_URLCONF = "example.feeds.urls"
# CommonMiddleware checks the Host against ALLOWED_HOSTS. APPEND_SLASH would redirect a POST, which
# loses its body.
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
