"""A DAG for a bulk action on todos: mapped tasks for chunks of them, then one report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule, dag, task
from dj_actions_airflow_provider.params import action_params
from dj_actions_airflow_provider.run_context import event_of_run

from todo_defaults import DAGRUN_TIMEOUT, DEFAULT_ARGS, NOTIFIER, TAGS
from todo_reports import describe, report_on_run

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNK_SIZE = 100
ACTIVE_CHUNKS = 2


@dag(
    dag_id="todos_completed",
    dag_display_name="Todos completed",
    schedule=None,
    params=action_params(),
    default_args=DEFAULT_ARGS,
    dagrun_timeout=DAGRUN_TIMEOUT,
    on_success_callback=NOTIFIER,
    on_failure_callback=NOTIFIER,
    tags=TAGS,
)
def todos_completed() -> None:
    """Write a report about many completed todos. Runs are triggered by DJ Actions.

    A task for each todo would keep the scheduler from every other DAG for minutes, and end at
    Airflow's limit of 1,024 mapped tasks. So a task has a chunk of them, and a run has only a
    few tasks at a time.
    """

    @task
    def read_chunks(**context: Any) -> list[list[str]]:
        return event_of_run(context).chunks(CHUNK_SIZE)

    @task(max_active_tis_per_dagrun=ACTIVE_CHUNKS)
    def describe_todos(object_ids: list[str], **context: Any) -> list[str]:
        event = event_of_run(context)
        return [describe(event, object_id) for object_id in object_ids]

    # NONE_FAILED: a bulk action that found no todo skips the mapped task and still gets a report.
    # multiple_outputs: otherwise each key of the report would become an XCom of its own, too.
    @task(trigger_rule=TriggerRule.NONE_FAILED, multiple_outputs=False)
    def write_report(chunks: Iterable[list[str]] | None, **context: Any) -> dict[str, Any]:
        return report_on_run(context, [line for chunk in chunks or () for line in chunk])

    write_report(describe_todos.expand(object_ids=read_chunks()))


todos_completed()
