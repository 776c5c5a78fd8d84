"""What the context of a task says about the event behind its run, and about the task itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dj_actions_airflow_provider.airflow_compat import AirflowFailException
from dj_actions_airflow_provider.events import (
    ActionEvent,
    InvalidEvent,
    event_id_of,
    parse_event,
)


def event_of_run(context: Mapping[str, Any]) -> ActionEvent:
    """Return the event that started the run.

    Args:
        context: the context of a task; with TaskFlow its arguments: `event_of_run(context)` in
            `def my_task(**context)`.

    Raises:
        AirflowFailException: the conf of the run is none of an event; no retry changes that.
    """
    try:
        return parse_event(context["dag_run"].conf or {})
    except InvalidEvent as error:
        raise AirflowFailException(str(error)) from error


def object_id_of_run(context: Mapping[str, Any]) -> str:
    """Return the one object that was acted on.

    Raises:
        AirflowFailException: the event is of a bulk action, or the conf is none of an event.
    """
    event = event_of_run(context)
    try:
        return event.require_object_id()
    except InvalidEvent as error:
        raise AirflowFailException(str(error)) from error


def parent_of_run(context: Mapping[str, Any]) -> str | None:
    """Return the id of the event that started the run; None if no action has."""
    run = context["dag_run"]
    return event_id_of(run.run_id, run.conf)


def idempotency_key_of(context: Mapping[str, Any]) -> str:
    """Return a key for what the task does, the same in each try and after it was cleared."""
    task = context["ti"]
    parts = (task.dag_id, task.run_id, task.task_id, task.map_index)
    return "/".join(map(str, parts))
