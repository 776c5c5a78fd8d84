"""Settings of the project; TEST_FILE is where its publisher writes to."""

from __future__ import annotations

import os
import secrets
from typing import Any

import dj_database_url

SECRET_KEY = secrets.token_urlsafe(50)
DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(os.environ["DATABASE_URL"]),
        "ENGINE": "django_tenants.postgresql_backend",
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SHARED_APPS = ["django_tenants", "tests.tenants", "django.contrib.contenttypes"]
TENANT_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "dj_actions"]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DJ_ACTIONS = {
    "PUBLISHERS": {
        "test": {
            "BACKEND": "tests.acceptance.publishers.CountingPublisher",
            "OPTIONS": {"file": os.environ["TEST_FILE"]},
            "ROUTES": ["*"],
        }
    },
    "POLL_INTERVAL": 0.05,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
