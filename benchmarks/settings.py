"""Settings of the benchmarks: those of a new project in production, without tuning."""

from __future__ import annotations

import os
import secrets
from typing import Any

import dj_database_url

DEBUG = False
SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "rest_framework.authtoken",
    "procrastinate.contrib.django",
    "dj_actions",
    "example.todos",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "benchmarks.urls"

DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(os.environ["DATABASE_URL"]),
        # Persistent connections: connecting for each request would dominate the results.
        "CONN_MAX_AGE": None,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        os.environ.get(
            "BENCHMARK_AUTHENTICATION", "rest_framework.authentication.TokenAuthentication"
        )
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}

DJ_ACTIONS = {
    "PUBLISHERS": {
        "feeds": {
            "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
            "ROUTES": ["todo.*"],
        },
        "pipelines": {
            "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
            "ROUTES": {"todo.mark_done": {}, "todo.bulk_mark_done": {}},
        },
    },
}
PROCRASTINATE_IMPORT_PATHS = ["benchmarks.request.tasks"]

# procrastinate logs each deferred job, which is not needed here.
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
