"""Trigger planned runs; one that an earlier attempt has triggered counts as triggered."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dj_actions.exceptions import (
    DestinationNotFound,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions_airflow.connection.statuses import status_of
from dj_actions_airflow.routing.planning import LATER_EVENTS, PlannedRun

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient


def trigger(client: AirflowClient, run: PlannedRun) -> None:
    """Create a run, unless it exists with the same payload.

    Raises:
        PublishError: it was not created, the outcome is unknown, or there is another run.
    """
    failure = f"Airflow did not start a run of DAG {run.dag_id!r}"
    path = f"/dags/{quote(run.dag_id, safe='')}/dagRuns"
    try:
        created = client.call("POST", path, body=_body(run), failure=failure)
    except PublishError as error:
        if status_of(error) == HTTPStatus.CONFLICT:
            _require_own(client, run)
            return
        if (unknown := _unknown_field(run, error)) is not None:
            raise unknown from error
        raise
    if created.get("dag_run_id") != run.run_id:
        raise PublisherUnavailable(
            f"Airflow's response does not contain run {run.run_id}. Is a proxy in front of it?"
        )


def _body(run: PlannedRun) -> dict[str, Any]:
    # Without a logical date, any number of runs may be triggered at the same time.
    body: dict[str, Any] = {"dag_run_id": run.run_id, "logical_date": None, "conf": run.conf}
    if run.note:
        body["note"] = run.note
    if run.run_after is not None:
        body["run_after"] = run.run_after.isoformat()
    if run.partition_key is not None:
        body["partition_key"] = run.partition_key
    return body


def _unknown_field(run: PlannedRun, error: PublishError) -> PublishError | None:
    """Return the error of a server that is too old for an option of the route."""
    is_refused = status_of(error) == HTTPStatus.UNPROCESSABLE_ENTITY
    if run.partition_key is None or not is_refused or '"partition_key"' not in str(error):
        return None
    return DestinationNotFound(
        f"This Airflow does not know the partition_key of the route to DAG {run.dag_id!r}; newer "
        f"ones do.{LATER_EVENTS} {error}"
    )


def _require_own(client: AirflowClient, run: PlannedRun) -> None:
    """Raise unless the existing run was triggered by an earlier attempt of this delivery."""
    conf = client.get_conf(run.dag_id, run.run_id)
    if conf is None:
        raise PublisherUnavailable(
            f"Airflow reported that run {run.run_id} of DAG {run.dag_id!r} already exists, but "
            "does not return it. Check that the user may read DAG runs and that the run was not "
            "deleted."
        )
    if not is_own(conf, run):
        advice = (
            ""
            if run.is_envelope
            else (" Whatever makes the payload has to make the same one at every attempt.")
        )
        raise PublishRejected(
            f"Airflow reported that run {run.run_id} of DAG {run.dag_id!r} already exists, but it "
            f"is not ours: its payload is {str(conf)[:200]}.{advice}"
        )


def is_own(conf: Mapping[str, Any], run: PlannedRun) -> bool:
    """Return whether the payload of an existing run is the one that this run would get.

    Our own payload has the id of the event and the objects; of another one, all of it counts.
    """
    if run.is_envelope:
        return all(conf.get(key) == run.conf[key] for key in ("id", "object_ids"))
    return conf == run.conf
