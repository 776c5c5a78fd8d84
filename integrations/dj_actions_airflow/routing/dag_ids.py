"""Ids of DAGs and tasks."""

from __future__ import annotations

import re

DAG_ID = re.compile(r"[\w.-]{1,250}")
"""Airflow's own rule: https://github.com/apache/airflow/blob/main/task-sdk/src/airflow/sdk/definitions/_internal/node.py."""

DAG_ID_HINT = (
    "Use the id that `airflow dags list` shows: letters, digits, '_', '-' and '.', at most 250."
)

PATH_SEGMENTS = frozenset({".", ".."})
"""Ids that a URL cannot contain."""


def is_dag_id(dag_id: object) -> bool:
    """Return whether an id is one that Airflow allows, and that a URL can contain."""
    is_key = isinstance(dag_id, str) and DAG_ID.fullmatch(dag_id)
    return bool(is_key) and dag_id not in PATH_SEGMENTS
