"""DAGs for every version of Airflow 3: one whose runs succeed, and one whose runs fail."""

from __future__ import annotations

from airflow.sdk import dag, task


@dag(dag_id="matrix_succeeds", schedule=None)
def succeeds() -> None:
    """Do nothing."""

    @task
    def finish() -> str:
        return "done"

    finish()


@dag(dag_id="matrix_fails", schedule=None)
def fails() -> None:
    """Fail."""

    @task
    def fail() -> None:
        raise ValueError("This run is to fail.")

    fail()


succeeds()
fails()
