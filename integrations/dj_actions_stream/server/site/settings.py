"""Settings of a site that is only a feeds server, from environment variables with defaults.

FEEDS_API_KEY, FEEDS_API_SECRET, FEEDS_DATABASE_URL, FEEDS_ALLOWED_HOSTS, FEEDS_BROWSER, and
FEEDS_DIRECTORY for what is kept if they are not set. A project may import everything from this
module and change FEEDS_SERVER.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.utils import get_random_secret_key

from dj_actions_stream.server.site.database_urls import database
from dj_actions_stream.server.site.secret_file import kept_secret


def _directory() -> Path:
    path = Path(os.environ.get("FEEDS_DIRECTORY") or "feeds-server")
    path.mkdir(parents=True, exist_ok=True)
    return path


# The site has no sessions, so nothing that this key signs outlives a process.
SECRET_KEY = get_random_secret_key()
FEEDS_SERVER: dict[str, Any] = {
    "API_KEY": os.environ.get("FEEDS_API_KEY") or "development",
    "API_SECRET": os.environ.get("FEEDS_API_SECRET") or kept_secret(_directory() / "api-secret"),
    "BROWSER": os.environ.get("FEEDS_BROWSER", "1") not in ("", "0"),
}
DATABASES = {
    "default": database(
        os.environ.get("FEEDS_DATABASE_URL")
        or f"sqlite:///{_directory().absolute() / 'feeds.sqlite3'}"
    )
}

ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *filter(None, map(str.strip, os.environ.get("FEEDS_ALLOWED_HOSTS", "").split(","))),
]

INSTALLED_APPS = ["dj_actions_stream.server"]
ROOT_URLCONF = "dj_actions_stream.server.site.urls"
# CommonMiddleware checks the Host against ALLOWED_HOSTS. APPEND_SLASH would redirect a POST, which
# loses its body.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
WSGI_APPLICATION = "dj_actions_stream.server.site.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
