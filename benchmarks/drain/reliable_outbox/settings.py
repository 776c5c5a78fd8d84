"""Settings of django-reliable-outbox: its defaults, and a destination that does nothing."""

from __future__ import annotations

import os
import secrets
from typing import Any

import dj_database_url

SECRET_KEY = secrets.token_urlsafe(50)
INSTALLED_APPS = ["reliable_outbox"]
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
USE_TZ = True
RELIABLE_OUTBOX = {
    "DESTINATIONS": {
        "default": {"BACKEND": "benchmarks.drain.reliable_outbox.destination.NoopDestination"}
    }
}
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
