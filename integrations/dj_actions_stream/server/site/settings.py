"""Settings of a site that is only a feeds server, from environment variables.

`python -m dj_actions_stream.server` sets those that are missing: see `environment`.
"""

from __future__ import annotations

import os

from django.core.management.utils import get_random_secret_key

from dj_actions_stream.server.site.configuration_file import configuration_in
from dj_actions_stream.server.site.database_urls import database

# The site has no sessions, so nothing that this key signs outlives a process.
SECRET_KEY = get_random_secret_key()
FEEDS_SERVER = {
    "BROWSER": os.environ.get("FEEDS_BROWSER") != "0",
    **configuration_in(os.environ.get("FEEDS_CONFIG", "")),
    "API_KEY": os.environ.get("FEEDS_API_KEY", ""),
    "API_SECRET": os.environ.get("FEEDS_API_SECRET", ""),
}
DATABASES = {"default": database(os.environ.get("FEEDS_DATABASE_URL") or "sqlite:///feeds.sqlite3")}

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
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
