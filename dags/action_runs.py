"""What every DAG that consumes an action has in common: its params and how its tasks begin and end.

Airflow checks the conf against the params when a run is triggered, and refuses a wrong one with
400 before anything starts. `parse_payload` checks it again in the task, for what JSON Schema does
not say and for runs that came another way.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context
from airflow.sdk.exceptions import AirflowFailException

from action_payload import SCHEMA, ActionPayload, PayloadError, parse_payload
from todo_reports import ReportsFolderMissingError, build_report, reports_folder, save_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEFAULT_ARGS = {"retries": 2, "retry_delay": timedelta(seconds=10)}

# A Param without a default is required.
ACTION_PARAMS = {
    "schema": Param(const=SCHEMA, description="Version of this contract."),
    "id": Param(type="string", format="uuid", description="Id of the message."),
    "resource": Param(type="string", minLength=1, description="Kind of object acted on."),
    "action": Param(type="string", minLength=1, description="Name of the action."),
    "version": Param(type="integer", minimum=1, description="Version of the action."),
    "occurred_at": Param(type="string", format="date-time", description="Time of the commit."),
    "object_ids": Param(
        type="array", items={"type": "string", "minLength": 1}, description="Objects acted on."
    ),
    "object_id": Param(None, type=["string", "null"], description="Null for a bulk action."),
    "actor": Param(None, type=["object", "null"], description="Who: id and label."),
    "data": Param({}, type="object", description="Validated input of the action."),
    "result": Param(None, description="What the action returned."),
    "summary": Param("", type="string", description="One line for people."),
    "extra": Param({}, type="object", description="What the project added."),
    "traceparent": Param("", type="string", description="W3C trace context."),
}


@contextmanager
def fail_without_retries() -> Iterator[None]:
    """Fail the task for good, with the same message, on an error that no retry can fix."""
    try:
        yield
    except (PayloadError, ReportsFolderMissingError) as error:
        raise AirflowFailException(str(error)) from error


def current_payload() -> ActionPayload:
    """Return the payload of the run this task belongs to."""
    with fail_without_retries():
        return parse_payload(get_current_context()["dag_run"].conf or {})


def current_object_id() -> str:
    """Return the id of the one object acted on."""
    payload = current_payload()
    with fail_without_retries():
        return payload.require_object_id()


def write_current_report(lines: Iterable[str]) -> dict[str, Any]:
    """Write the report of the run this task belongs to, and return it."""
    payload = current_payload()
    dag_run = get_current_context()["dag_run"]
    report = build_report(payload, dag_id=dag_run.dag_id, run_id=dag_run.run_id, lines=lines)
    with fail_without_retries():
        save_report(report, reports_folder())
    return report
