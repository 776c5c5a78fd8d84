"""Settings of the Airflow benchmark: defaults, except CONCURRENCY where a cell sets it."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403 - a variation of these settings

_CONCURRENCY = os.environ.get("BENCHMARK_CONCURRENCY", "")

DJ_ACTIONS = {
    "PUBLISHERS": {
        "pipelines": {
            "BACKEND": "dj_actions_airflow.AirflowPublisher",
            "OPTIONS": {
                "base_url": os.environ.get("AIRFLOW_BASE_URL", "http://127.0.0.1"),
                "username": os.environ.get("AIRFLOW_USERNAME", ""),
                "password": os.environ.get("AIRFLOW_PASSWORD", ""),
                "dag_id": "todo_completed",
            },
            **({"CONCURRENCY": int(_CONCURRENCY)} if _CONCURRENCY else {}),
        },
    },
}
