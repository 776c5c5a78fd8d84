"""Parts of a run, as far as the provider uses them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import TaskDeferred

__all__ = ["EVENT_ID", "RUN_ID", "TaskDeferred", "TaskInstance"]

EVENT_ID = "0198c0de-0000-7000-8000-000000000001"
RUN_ID = f"djactions-{EVENT_ID}"


class TaskInstance(SimpleNamespace):
    """What the provider uses of a task instance."""

    def __init__(self, **changes: Any) -> None:
        own = {"dag_id": "tidy", "run_id": RUN_ID, "task_id": "act", "map_index": -1}
        super().__init__(**{**own, "try_number": 1, "pushed": {}, **changes})

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep the value for the test."""
        self.pushed[key] = value
