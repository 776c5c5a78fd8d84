"""A DAG that calls an action back: it reminds the new owner of a todo."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from dj_actions_airflow_provider.operators import DjActionOperator
from dj_actions_airflow_provider.params import action_params
from dj_actions_airflow_provider.run_context import event_of_run

from todo_defaults import DAGRUN_TIMEOUT, DEFAULT_ARGS, NOTIFIER, TAGS


@dag(
    dag_id="todo_handed_over",
    dag_display_name="Todo handed over",
    schedule=None,
    params=action_params(resource="todo", actions=["hand_over"], bulk=False),
    default_args=DEFAULT_ARGS,
    dagrun_timeout=DAGRUN_TIMEOUT,
    on_success_callback=NOTIFIER,
    on_failure_callback=NOTIFIER,
    tags=TAGS,
)
def todo_handed_over() -> None:
    """Remind the new owner of a todo, by an action of the project that has triggered the run.

    However often the task is tried, the action runs once. Its event has the event of the
    hand-over as its parent. An action that such a DAG calls should not be routed to it again; the
    project ends such a loop after some rounds.
    """

    @task
    def write_reminder(**context: Any) -> str:
        return f"Please have a look: {event_of_run(context).summary}"

    DjActionOperator(
        task_id="remind",
        resource="todo",
        action="remind",
        object_id="{{ dag_run.conf['object_id'] }}",
        data={"text": write_reminder()},
    )


todo_handed_over()
