"""A DAG for a bulk action on todos: one mapped task per todo, then one report about them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule, dag, task

from action_runs import ACTION_PARAMS, DEFAULT_ARGS, current_payload, write_current_report
from todo_reports import describe

if TYPE_CHECKING:
    from collections.abc import Iterable


@dag(
    dag_id="todos_completed",
    schedule=None,
    params=ACTION_PARAMS,
    default_args=DEFAULT_ARGS,
    tags=["dj-actions"],
)
def todos_completed() -> None:
    """Write a report about many completed todos. Runs are triggered by DJ Actions."""

    @task
    def read_object_ids() -> list[str]:
        return list(current_payload().object_ids)

    @task
    def describe_todo(object_id: str) -> str:
        return describe(current_payload(), object_id)

    # NONE_FAILED: a bulk action that found no todo skips the mapped task and still gets a report.
    # multiple_outputs: otherwise each key of the report would become an XCom of its own, too.
    @task(trigger_rule=TriggerRule.NONE_FAILED, multiple_outputs=False)
    def write_report(lines: Iterable[str]) -> dict[str, Any]:
        return write_current_report(lines)

    write_report(describe_todo.expand(object_id=read_object_ids()))


todos_completed()
