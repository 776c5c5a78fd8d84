"""A DAG with params of its own: it knows nothing of actions, and any tool can trigger it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from dj_actions_airflow_provider.notifications import DjActionsNotifier

# The only line that has to do with actions: without it, an action that has triggered a run learns
# of its end a little later.
NOTIFIER = DjActionsNotifier()


@dag(
    dag_id="print_labels",
    dag_display_name="Print labels",
    schedule=None,
    params={
        "text": Param(type="string", minLength=1, maxLength=60, description="What to print."),
        "copies": Param(1, type="integer", minimum=1, maximum=10, description="How many."),
    },
    default_args={
        "owner": "labels",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(minutes=1),
    },
    dagrun_timeout=timedelta(minutes=10),
    on_success_callback=NOTIFIER,
    on_failure_callback=NOTIFIER,
    tags=["labels"],
)
def print_labels() -> None:
    """Print labels. An action triggers it as it is, by a route that fills its params.

    `{"dag_id": "print_labels", "conf": {"text": "{extra.title}", "copies": 2}}`
    """

    @task
    def render_labels(**context: Any) -> list[str]:
        params = context["params"]
        return [f"| {params['text']} |"] * params["copies"]

    render_labels()


print_labels()
