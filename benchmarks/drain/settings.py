"""The benchmarks' settings, with one publisher that does nothing and the peers installed."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403 - a variation of these settings
from benchmarks.settings import INSTALLED_APPS as COMMON_APPS

INSTALLED_APPS = [*COMMON_APPS, "django_tasks_db"]

DJ_ACTIONS = {
    "PUBLISHERS": {
        "nothing": {
            "BACKEND": "benchmarks.drain.nothing.NothingPublisher",
            "BATCH_SIZE": int(os.environ.get("BENCHMARK_BATCH_SIZE", "100")),
            "CONCURRENCY": int(os.environ.get("BENCHMARK_LANES", "1")),
        },
        # Served only where it has something to do.
        "sleeping": {"BACKEND": "benchmarks.drain.nothing.SleepingPublisher"},
    },
}
PROCRASTINATE_IMPORT_PATHS = ["benchmarks.drain.tasks"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
