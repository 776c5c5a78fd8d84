"""A DAG for an action on a single todo: read the event, then write a report."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from dj_actions_airflow_provider.params import action_params
from dj_actions_airflow_provider.run_context import event_of_run, object_id_of_run

from todo_defaults import DAGRUN_TIMEOUT, DEFAULT_ARGS, NOTIFIER, TAGS
from todo_reports import describe, report_on_run


@dag(
    dag_id="todo_completed",
    dag_display_name="Todo completed",
    schedule=None,
    params=action_params(),
    default_args=DEFAULT_ARGS,
    dagrun_timeout=DAGRUN_TIMEOUT,
    on_success_callback=NOTIFIER,
    on_failure_callback=NOTIFIER,
    tags=TAGS,
)
def todo_completed() -> None:
    """Write a report about one completed todo. Runs are triggered by DJ Actions."""

    # Otherwise each key of the report would become an XCom of its own, too.
    @task(multiple_outputs=False)
    def write_report(**context: Any) -> dict[str, Any]:
        line = describe(event_of_run(context), object_id_of_run(context))
        return report_on_run(context, [line])

    write_report()


todo_completed()
