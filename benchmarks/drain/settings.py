"""Settings of the drain benchmark: a publisher that does nothing, and the alternatives."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403 - a variation of these settings
from benchmarks.settings import INSTALLED_APPS as COMMON_APPS

INSTALLED_APPS = [*COMMON_APPS, "django_tasks_db"]

BATCH_SIZE = (
    {"BATCH_SIZE": int(os.environ["BENCHMARK_BATCH_SIZE"])}
    if "BENCHMARK_BATCH_SIZE" in os.environ
    else {}
)
DJ_ACTIONS = {
    "PUBLISHERS": {
        "noop": {
            "BACKEND": "benchmarks.drain.noop.NoopPublisher",
            **BATCH_SIZE,
            "CONCURRENCY": int(os.environ.get("BENCHMARK_LANES", "1")),
            "ORDERING": os.environ.get("BENCHMARK_ORDERING", "none"),
        },
        # Served with --sleeping-neighbor only.
        "sleeping": {"BACKEND": "benchmarks.drain.noop.SleepingPublisher"},
    },
}
PROCRASTINATE_IMPORT_PATHS = ["benchmarks.drain.tasks"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
