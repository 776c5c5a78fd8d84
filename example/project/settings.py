"""Settings of the todo project, with environment variables for what differs per machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get("DJANGO_DEBUG", "1") not in {"", "0"}
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("Set DJANGO_SECRET_KEY, or DJANGO_DEBUG=1 for development.")
    SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "dj_actions",
    "dj_actions.console",
    "dj_actions_stream",
    "dj_actions_airflow",
    "example.todos",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "example.project.urls"
WSGI_APPLICATION = "example.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL", f"sqlite:///{BASE_DIR / 'todos.sqlite3'}")
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # SQLite then acquires its write lock at the start of a transaction, and waits for it.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LOGIN_URL = "rest_framework:login"
STATIC_URL = "static/"
# Serves the admin's files from the packages themselves: no collectstatic for an example.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "dj_actions.authentication.MachineTokenAuthentication",
        "rest_framework.authentication.BasicAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {"TITLE": "Todos", "VERSION": "1.0.0", "SERVE_INCLUDE_SCHEMA": False}

PUBLISHERS: dict[str, Any] = {}
if "STREAM_API_KEY" in os.environ:
    PUBLISHERS["feeds"] = {
        "BACKEND": "dj_actions_stream.StreamPublisher",
        "OPTIONS": {
            "api_key": os.environ["STREAM_API_KEY"],
            "api_secret": os.environ.get("STREAM_API_SECRET", ""),
            "base_url": os.environ.get("STREAM_BASE_URL") or None,
            "to": ["todo:{object}"],
            "page_url": os.environ.get("FEED_PAGE_URL", ""),
        },
        "ROUTES": ["todo.*"],
    }
    INSTALLED_APPS.append("dj_actions_stream.feeds")
    DJ_ACTIONS_FEEDS = {
        "GROUPS": {"todo": "dj_actions_stream.feeds.rules.object_viewer"},
        "OBJECTS": {"todo": "example.todos.feeds.todos_seen_by"},
    }
if "AIRFLOW_BASE_URL" in os.environ:
    PUBLISHERS["pipelines"] = {
        "BACKEND": "dj_actions_airflow.AirflowPublisher",
        "OPTIONS": {
            "base_url": os.environ["AIRFLOW_BASE_URL"],
            "username": os.environ.get("AIRFLOW_USERNAME", ""),
            "password": os.environ.get("AIRFLOW_PASSWORD", ""),
            "public_url": os.environ.get("AIRFLOW_PUBLIC_URL", ""),
        },
        "ROUTES": {
            "todo.mark_done": {"dag_id": "todo_completed"},
            "todo.bulk_mark_done": {"dag_id": "todos_completed"},
            # Its DAG calls `remind`, which is not routed to Airflow: that would be a loop.
            "todo.hand_over": {"dag_id": "todo_handed_over"},
        },
    }
if not PUBLISHERS:
    PUBLISHERS["console"] = {
        "BACKEND": "dj_actions.publishers.console.ConsolePublisher",
        "ROUTES": ["todo.*"],
    }
DJ_ACTIONS: dict[str, Any] = {
    "PUBLISHERS": PUBLISHERS,
    "LEASE": float(os.environ.get("RELAY_LEASE", "60")),
    "POLL_INTERVAL": float(os.environ.get("RELAY_POLL_INTERVAL", "1")),
    "TRACK_INTERVAL": float(os.environ.get("RELAY_TRACK_INTERVAL", "5")),
    "HINT_SECRET": os.environ.get("EXAMPLE_HINT_SECRET", ""),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
