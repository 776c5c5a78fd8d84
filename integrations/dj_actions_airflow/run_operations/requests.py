"""The requests to Airflow's REST API that act on runs; each returns what Airflow responds.

They are in https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dj_actions.exceptions import PublisherUnavailable

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

Response = Mapping[str, Any]

MAX_NOTE_LENGTH = 1000
"""Characters of the note of a run; Airflow rejects more."""


def get_run(client: AirflowClient, dag_id: str, run_id: str) -> Response:
    """Return a run.

    Raises:
        DestinationNotFound: there is no such run.
        PublishError: Airflow did not return it.
    """
    failure = f"Airflow did not return run {run_id} of DAG {dag_id!r}"
    return _run(client.call("GET", _run_path(dag_id, run_id), failure=failure), run_id)


def clear_run(client: AirflowClient, dag_id: str, run_id: str, *, only_failed: bool) -> Response:
    """Clear all tasks of a run, or its failed ones, so that Airflow runs them again.

    Raises:
        PublishError: Airflow did not do it, or the outcome is unknown.
    """
    response = client.call(
        "POST",
        f"{_run_path(dag_id, run_id)}/clear",
        # Airflow's default is to clear nothing.
        body={"dry_run": False, "only_failed": only_failed},
        failure=f"Airflow did not clear run {run_id} of DAG {dag_id!r}",
    )
    return _run(response, run_id)


def patch_run(client: AirflowClient, dag_id: str, run_id: str, **changes: str) -> Response:
    """Change the state or the note of a run.

    Raises:
        PublishError: Airflow did not do it, or the outcome is unknown.
    """
    response = client.call(
        "PATCH",
        _run_path(dag_id, run_id),
        query=[("update_mask", name) for name in changes],
        body=changes,
        failure=f"Airflow did not change run {run_id} of DAG {dag_id!r}",
    )
    return _run(response, run_id)


def trigger_run(
    client: AirflowClient, dag_id: str, run_id: str, *, conf: Mapping[str, Any], note: str
) -> Response:
    """Create a run.

    Raises:
        PublishError: Airflow did not do it, or the outcome is unknown.
    """
    response = client.call(
        "POST",
        f"/dags/{_quoted(dag_id)}/dagRuns",
        body={"dag_run_id": run_id, "logical_date": None, "conf": conf, "note": note},
        failure=f"Airflow did not start a run of DAG {dag_id!r}",
    )
    return _run(response, run_id)


def get_dag(client: AirflowClient, dag_id: str) -> Response:
    """Return a DAG.

    Raises:
        DestinationNotFound: there is no such DAG.
        PublishError: Airflow did not return it.
    """
    path = f"/dags/{_quoted(dag_id)}"
    return _dag(client.call("GET", path, failure=f"Airflow did not return DAG {dag_id!r}"), dag_id)


def unpause_dag(client: AirflowClient, dag_id: str) -> Response:
    """Let the scheduler start the runs of a DAG.

    Raises:
        PublishError: Airflow did not do it, or the outcome is unknown.
    """
    response = client.call(
        "PATCH",
        f"/dags/{_quoted(dag_id)}",
        query=[("update_mask", "is_paused")],
        body={"is_paused": False},
        failure=f"Airflow did not unpause DAG {dag_id!r}",
    )
    return _dag(response, dag_id)


def get_version(client: AirflowClient) -> str:
    """Return the version of the server.

    Raises:
        PublishError: Airflow did not return it.
    """
    response = client.call("GET", "/version", failure="Airflow did not return its version")
    return str(response.get("version", "of an unknown version"))[:40]


def _run(response: Response, run_id: str) -> Response:
    return _require(response, "dag_run_id", run_id)


def _dag(response: Response, dag_id: str) -> Response:
    return _require(response, "dag_id", dag_id)


def _require(response: Response, key: str, value: str) -> Response:
    """Refuse a response that is about something else: a page of a proxy, for example."""
    if response.get(key) == value:
        return response
    raise PublisherUnavailable(
        f"Airflow's response is not about {value}. Is a proxy in front of it?"
    )


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}"


def _quoted(key: str) -> str:
    return quote(key, safe="")
