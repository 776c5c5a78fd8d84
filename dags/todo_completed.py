"""A DAG for an action on a single todo: check the payload, then write a report."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from action_runs import (
    ACTION_PARAMS,
    DEFAULT_ARGS,
    current_object_id,
    current_payload,
    write_current_report,
)
from todo_reports import describe


@dag(
    dag_id="todo_completed",
    schedule=None,
    params=ACTION_PARAMS,
    default_args=DEFAULT_ARGS,
    tags=["dj-actions"],
)
def todo_completed() -> None:
    """Write a report about one completed todo. Runs are triggered by DJ Actions."""

    @task
    def describe_todo() -> str:
        return describe(current_payload(), current_object_id())

    # Otherwise each key of the report would become an XCom of its own, too.
    @task(multiple_outputs=False)
    def write_report(line: str) -> dict[str, Any]:
        return write_current_report([line])

    write_report(describe_todo())


todo_completed()
