"""What the DAGs about todos have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dj_actions_airflow_provider.notifications import DjActionsNotifier

TAGS = ["dj-actions", "todos"]

NOTIFIER = DjActionsNotifier()
"""Reports the end of a run to the project, which finds it at its next check otherwise."""

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "todos",
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=5),
    # Of a task: it knows which one has failed, and why.
    "on_failure_callback": NOTIFIER,
}

DAGRUN_TIMEOUT = timedelta(hours=1)
