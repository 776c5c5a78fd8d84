"""Reports about what was done to todos: one JSON file for each DAG run."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException
from dj_actions_airflow_provider.run_context import event_of_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dj_actions_airflow_provider.events import ActionEvent

FOLDER_VARIABLE = "TODO_REPORTS_DIR"


def reports_folder(environment: Mapping[str, str] = os.environ) -> ObjectStoragePath:
    """Return the folder of the reports: a URL such as `s3://…`, or a path that all workers share.

    Raises:
        AirflowFailException: the environment does not name one.
    """
    folder = environment.get(FOLDER_VARIABLE, "")
    if not folder:
        raise AirflowFailException(
            f"The environment variable {FOLDER_VARIABLE} is not set. Set it, for every process "
            "that runs tasks, to the folder in which the reports belong."
        )
    return ObjectStoragePath(folder)


def describe(event: ActionEvent, object_id: str) -> str:
    """Return one line of text about one object of an action."""
    return f"{event.resource} {object_id}: {event.action} by {event.actor_label}"


def build_report(
    event: ActionEvent, *, dag_id: str, run_id: str, lines: Iterable[str]
) -> dict[str, Any]:
    """Return the report of one DAG run, as plain JSON."""
    actor = event.actor
    return {
        "dag_id": dag_id,
        "run_id": run_id,
        "message_id": str(event.id),
        "action": event.action,
        "actor": {"id": actor.id, "label": actor.label} if actor else None,
        "object_ids": list(event.object_ids),
        "lines": list(lines),
    }


def save_report(report: Mapping[str, Any], folder: ObjectStoragePath) -> ObjectStoragePath:
    """Write a report to `<folder>/<run id>.json`, whole or not at all, and return the path.

    The name comes from the run alone, so a run that is retried or cleared replaces its report.
    """
    text = json.dumps(report, ensure_ascii=False, indent=2)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['run_id']}.json"
    temporary = folder / f".{uuid.uuid4()}.tmp"
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.fs.mv(temporary.path, path.path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def report_on_run(context: Mapping[str, Any], lines: Iterable[str]) -> dict[str, Any]:
    """Write the report of the run that a task belongs to, and return it."""
    run = context["dag_run"]
    report = build_report(event_of_run(context), dag_id=run.dag_id, run_id=run.run_id, lines=lines)
    save_report(report, reports_folder())
    return report
