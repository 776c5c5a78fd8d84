"""A DAG with a human in the loop: a person decides whether the owner of a todo is reminded."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import dag
from dj_actions_airflow_provider.operators import DjActionOperator
from dj_actions_airflow_provider.params import action_params

from todo_defaults import DEFAULT_ARGS, NOTIFIER, TAGS

DECISION_TIME = timedelta(days=1)


@dag(
    dag_id="todo_escalation",
    dag_display_name="Escalate a todo",
    schedule=None,
    params=action_params(resource="todo", bulk=False),
    default_args=DEFAULT_ARGS,
    dagrun_timeout=2 * DECISION_TIME,
    on_success_callback=NOTIFIER,
    on_failure_callback=NOTIFIER,
    tags=TAGS,
)
def todo_escalation() -> None:
    """Ask a person, under *Required actions* in Airflow, then remind the owner or do nothing.

    Without a decision within a day it is rejected. While it waits, the run occupies no worker.
    """
    approve = ApprovalOperator(
        task_id="approve",
        subject="Remind the owner of todo {{ dag_run.conf['object_id'] }}?",
        body="{{ dag_run.conf.get('summary', '') }}",
        defaults="Reject",
        response_timeout=DECISION_TIME,
    )
    remind = DjActionOperator(
        task_id="remind",
        resource="todo",
        action="remind",
        object_id="{{ dag_run.conf['object_id'] }}",
        data={"text": "A colleague asks you to have a look."},
    )
    approve >> remind


todo_escalation()
