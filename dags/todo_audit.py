"""A DAG that emits an asset for each action on a todo, and one that is scheduled by the asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, Metadata, dag, task
from dj_actions_airflow_provider.params import action_params
from dj_actions_airflow_provider.run_context import event_of_run

from todo_defaults import DAGRUN_TIMEOUT, DEFAULT_ARGS, NOTIFIER, TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

TODO_CHANGES = Asset("todo_changes")


@dag(
    dag_id="todo_changed",
    dag_display_name="Todo changed",
    schedule=None,
    params=action_params(resource="todo"),
    default_args=DEFAULT_ARGS,
    dagrun_timeout=DAGRUN_TIMEOUT,
    on_success_callback=NOTIFIER,
    on_failure_callback=NOTIFIER,
    tags=TAGS,
)
def todo_changed() -> None:
    """Say that todos have changed, for any DAG that is scheduled by the asset."""

    @task(outlets=[TODO_CHANGES])
    def emit_change(**context: Any) -> Iterator[Metadata]:
        event = event_of_run(context)
        yield Metadata(
            TODO_CHANGES,
            extra={
                "event": str(event.id),
                "action": event.action,
                "object_ids": list(event.object_ids),
            },
        )

    emit_change()


@dag(
    dag_id="todo_audit",
    dag_display_name="Audit of todos",
    schedule=[TODO_CHANGES],
    default_args=DEFAULT_ARGS,
    dagrun_timeout=DAGRUN_TIMEOUT,
    max_active_runs=1,
    catchup=False,
    tags=TAGS,
)
def todo_audit() -> None:
    """List the actions that have changed todos since the last run.

    There is **not** one run for each change: Airflow starts one run for all changes that it has
    not handed out yet, and the last ones of a burst can wait until the next change. So this DAG
    reads every one of `triggering_asset_events`, and suits what is best done in bulk. For one run
    for each action, let DJ Actions trigger the DAG itself.
    """

    @task
    def list_changes(**context: Any) -> list[str]:
        return [
            f"{change.extra['action']}: {', '.join(change.extra['object_ids'])}"
            for changes in context["triggering_asset_events"].values()
            for change in changes
        ]

    list_changes()


todo_changed()
todo_audit()
