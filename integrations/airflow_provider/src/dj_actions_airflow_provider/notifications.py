"""Report to a project that one of its runs has ended, so that it checks the run at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseNotifier

from dj_actions_airflow_provider.airflow_compat import AirflowException
from dj_actions_airflow_provider.events import event_id_of
from dj_actions_airflow_provider.hooks import DjActionsHook

MAX_EXCEPTION_LENGTH = 500
"""Characters of an exception that a hint quotes: the whole of it may have 8 KiB."""

SECONDS = 5.0
"""How long a hint may take: callbacks of DAGs hold up the parsing of DAG files."""


class DjActionsNotifier(BaseNotifier):
    """Sends a signed hint to the project whose action has started the run.

    Use it as `on_success_callback` and `on_failure_callback` of a DAG; in its `default_args`, the
    latter also says which task has failed and why. A run that no action has started sends none.
    A lost hint costs only time: the project asks Airflow itself, and never trusts what a hint
    says. The connection needs `hint_secret`, the `HINT_SECRET` of the project.

    Args:
        dj_actions_conn_id: id of a connection of type `dj_actions`.
    """

    template_fields = ("dj_actions_conn_id",)

    def __init__(self, dj_actions_conn_id: str = DjActionsHook.default_conn_name) -> None:
        super().__init__()
        self.dj_actions_conn_id = dj_actions_conn_id

    def notify(self, context: Mapping[str, Any]) -> None:
        """Send the hint, or log why not: a callback that raises would hide the task's own error."""
        hint = hint_of(context)
        if hint is None:
            self.log.info("No action has started this run; no hint is sent.")
            return
        try:
            DjActionsHook(self.dj_actions_conn_id).send_hint(hint, seconds=SECONDS)
        except AirflowException as error:
            self.log.warning("The project will find the run's end at its next check: %s", error)


def hint_of(context: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the hint about a run; None if no action has started it.

    Args:
        context: of a callback, be it of a DAG or of a task.
    """
    run = context.get("dag_run")
    run_id = str(context.get("run_id") or getattr(run, "run_id", ""))
    event_id = event_id_of(run_id, getattr(run, "conf", None))
    if event_id is None:
        return None
    hint = {"event_id": event_id, "dag_id": context["dag"].dag_id, "run_id": run_id}
    error = context.get("exception")
    if error is None:
        return hint
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0] if lines else ''}".strip()
    task = context["ti"].task_id if context.get("ti") else ""
    return hint | {"task_id": task, "exception": text[:MAX_EXCEPTION_LENGTH]}
