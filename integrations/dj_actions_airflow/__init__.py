"""Trigger Airflow DAG runs and track them: `dj_actions_airflow.AirflowPublisher`."""

from __future__ import annotations

from importlib.util import find_spec

# The client takes over a second to import and only a relay needs it: check, do not import.
if find_spec("airflow_client") is None:
    raise ImportError(
        "dj_actions_airflow needs apache-airflow-client. Run: pip install 'dj-actions[airflow]'"
    )

from dj_actions_airflow.publisher import AirflowPublisher

__all__ = ["AirflowPublisher"]
