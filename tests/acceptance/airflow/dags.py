"""The DAGs of this Airflow: a test may remove and break their files."""

from __future__ import annotations

from pathlib import Path

STEADY, PAUSED, REMOVED, BROKEN = ("steady", "paused", "removed", "broken")
SERIAL, DAILY = "serial", "daily"

OPTIONS = {
    **dict.fromkeys((STEADY, PAUSED, REMOVED, BROKEN), "schedule=None"),
    SERIAL: "schedule=None, max_active_runs=1",
    DAILY: 'schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False',
}
"""Each DAG, with the arguments of its decorator."""

SOURCE = """
from datetime import datetime

from airflow.sdk import dag, task


@dag(dag_id={dag_id!r}, {options})
def finishes():
    @task
    def finish():
        return "done"

    finish()


finishes()
"""


def write_dag(folder: Path, dag_id: str) -> None:
    """Write the file of a DAG."""
    (folder / f"{dag_id}.py").write_text(SOURCE.format(dag_id=dag_id, options=OPTIONS[dag_id]))


def remove_dag(folder: Path, dag_id: str) -> None:
    """Remove the file of a DAG."""
    (folder / f"{dag_id}.py").unlink()


def break_dag(folder: Path, dag_id: str) -> None:
    """Let the file of a DAG raise an error when it is loaded."""
    # Airflow loads only files that contain the words "airflow" and "dag".
    text = "from airflow.sdk import dag\n\nraise RuntimeError('It is broken.')\n"
    (folder / f"{dag_id}.py").write_text(text)
