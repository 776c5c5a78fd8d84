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

GO = "go"
"""Name of the file without which the runs of `SERIAL` do not end."""

SOURCE = """
import time
from datetime import datetime
from pathlib import Path

from airflow.sdk import dag, task


@dag(dag_id={dag_id!r}, {options})
def finishes():
    @task
    def finish():
        while {waits} and not Path(__file__).with_name("{go}").exists():
            time.sleep(0.1)
        return "done"

    finish()


finishes()
"""


def write_dag(folder: Path, dag_id: str) -> None:
    """Write the file of a DAG."""
    source = SOURCE.format(dag_id=dag_id, options=OPTIONS[dag_id], waits=dag_id == SERIAL, go=GO)
    (folder / f"{dag_id}.py").write_text(source)


def let_runs_end(folder: Path) -> None:
    """Let the runs of `SERIAL` end, from now on."""
    (folder / GO).touch()


def remove_dag(folder: Path, dag_id: str) -> None:
    """Remove the file of a DAG."""
    (folder / f"{dag_id}.py").unlink()


def break_dag(folder: Path, dag_id: str) -> None:
    """Let the file of a DAG raise an error when it is loaded."""
    # Airflow loads only files that contain the words "airflow" and "dag".
    text = "from airflow.sdk import dag\n\nraise RuntimeError('It is broken.')\n"
    (folder / f"{dag_id}.py").write_text(text)
