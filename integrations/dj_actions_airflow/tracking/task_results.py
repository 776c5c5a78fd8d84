"""Read what a task of a DAG run has returned."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dj_actions.exceptions import PublishError

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient


def find_result(client: AirflowClient, dag_id: str, run_id: str, *, task_id: str) -> Any:
    """Return the return value of a task, its XCom `return_value`; None if it has none.

    Args:
        client: sends the request; a value that is larger than its responses may be is left out.
        dag_id: id of the DAG.
        run_id: id of the run.
        task_id: id of the task.
    """
    segments = (dag_id, "dagRuns", run_id, "taskInstances", task_id, "xcomEntries", "return_value")
    path = "/".join(quote(segment, safe="") for segment in segments)
    with suppress(PublishError):
        entry = client.call(
            "GET", f"/dags/{path}", failure=f"Airflow did not return the result of {task_id!r}"
        )
        return entry.get("value")
    return None
