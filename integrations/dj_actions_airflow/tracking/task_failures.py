"""Find out why a DAG run has failed: the task, its error, and the end of its log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dj_actions.exceptions import PublishError
from dj_actions.messages import RemoteFailure

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

MAX_TASKS = 10
"""Failed tasks of a run that are listed; the first one is reported."""

MAX_LINES = 20
"""Lines at the end of a log that are reported."""

MAX_LENGTH = 500
"""Characters of a line that are reported."""

LEVELS = ("error", "critical")
"""Levels of the lines that may say why a task has failed."""


def find_failure(
    client: AirflowClient, dag_id: str, run_id: str, *, run_url: str
) -> RemoteFailure | None:
    """Return why a run has failed; None if none of its tasks has.

    What cannot be read is left out: the state of the run is known without it.

    Args:
        client: sends the requests.
        dag_id: id of the DAG.
        run_id: id of the run.
        run_url: link to the run.
    """
    task = None
    with suppress(PublishError):
        task = _failed_task(client, dag_id, run_id)
    if task is None:
        return None
    lines: list[Mapping[str, Any]] = []
    with suppress(PublishError):
        lines = _log(client, dag_id, run_id, task)
    map_index = task.get("map_index")
    return RemoteFailure(
        task=task["task_id"],
        exception=_exception(lines),
        log=tuple(map(_text, lines[-MAX_LINES:])),
        try_number=_try_number(task),
        map_index=map_index if isinstance(map_index, int) and map_index >= 0 else None,
        url=f"{run_url}/tasks/{quote(task['task_id'], safe='')}",
    )


def _failed_task(client: AirflowClient, dag_id: str, run_id: str) -> Mapping[str, Any] | None:
    """Return the task instance that failed first, without those that failed because of it."""
    page = client.call(
        "GET",
        f"{_run_path(dag_id, run_id)}/taskInstances",
        query=[("state", "failed"), ("order_by", "end_date"), ("limit", MAX_TASKS)],
        failure=f"Airflow did not list the tasks of run {run_id}",
    )
    found = page.get("task_instances")
    tasks = [entry for entry in found if _is_task(entry)] if isinstance(found, list) else []
    return min(tasks, key=lambda entry: str(entry.get("end_date") or "9"), default=None)


def _log(
    client: AirflowClient, dag_id: str, run_id: str, task: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return the lines of the log of the task's last try."""
    task_path = f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task['task_id'], safe='')}"
    page = client.call(
        "GET",
        f"{task_path}/logs/{_try_number(task) or 1}",
        query=[("map_index", task.get("map_index", -1))],
        failure=f"Airflow did not return the log of task {task['task_id']}",
    )
    content = page.get("content")
    return list(_lines(content)) if isinstance(content, list) else []


def _lines(content: list[Any]) -> Iterator[Mapping[str, Any]]:
    for entry in content:
        line = entry if isinstance(entry, Mapping) else {"event": entry}
        event = str(line.get("event", "")).strip()
        if event and not event.startswith("::"):  # groups, for the web interface
            yield line


def _exception(lines: list[Mapping[str, Any]]) -> str:
    """Return the error that the log ends with, in one line; empty if it has none."""
    for line in reversed(lines):
        details = line.get("error_detail")
        # The error comes first, then what has caused it.
        if isinstance(details, list) and details and isinstance(details[0], Mapping):
            kind, value = details[0].get("exc_type", ""), str(details[0].get("exc_value", ""))
            first = next(iter(value.strip().splitlines()), "")
            return ": ".join(filter(None, (str(kind), first)))[:MAX_LENGTH]
    errors = (_text(line) for line in reversed(lines) if str(line.get("level")).lower() in LEVELS)
    return next(errors, "")


def _text(line: Mapping[str, Any]) -> str:
    event = str(line.get("event", "")).rstrip()
    level = str(line.get("level") or "")
    return (f"[{level}] {event}" if level else event)[:MAX_LENGTH]


def _try_number(task: Mapping[str, Any]) -> int | None:
    number = task.get("try_number")
    return number if isinstance(number, int) and number > 0 else None


def _is_task(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("task_id"), str)


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"
