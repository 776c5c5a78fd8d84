"""Settings of the console benchmark: publishers with much and with little traffic."""

from __future__ import annotations

from benchmarks.settings import *  # noqa: F403 - a variation of these settings
from benchmarks.settings import INSTALLED_APPS as BENCHMARK_APPS
from benchmarks.settings import MIDDLEWARE as BENCHMARK_MIDDLEWARE

INSTALLED_APPS = [*BENCHMARK_APPS, "django.contrib.staticfiles", "dj_actions.console"]
MIDDLEWARE = BENCHMARK_MIDDLEWARE
ROOT_URLCONF = "benchmarks.console.urls"
STATIC_URL = "/static/"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

PUBLISHERS = ("feeds", "pipelines", "rare", "idle", "paused", "broken")
"""The first two have one delivery of each event, "rare" a few old ones, the others none."""

DJ_ACTIONS = {
    "PUBLISHERS": {
        alias: {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher", "ROUTES": ["todo.*"]}
        for alias in PUBLISHERS
    },
}
