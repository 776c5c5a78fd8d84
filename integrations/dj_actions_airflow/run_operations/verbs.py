"""What can be done with a run, and the permission for each."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.core.exceptions import PermissionDenied

RESOURCE = "airflow_run"
"""The resource of the events that record what was done with runs."""


class Verb(StrEnum):
    """An operation on a run; its name in records and on the command line."""

    RERUN = "rerun"
    MARK = "mark"
    NOTE = "note"
    UNPAUSE = "unpause"
    TRIGGER = "trigger"

    @property
    def permission(self) -> str:
        """The permission that a user needs."""
        return f"dj_actions_airflow.{self.value}_airflowrun"


def require_permission(verb: Verb, actor: Any) -> None:
    """Refuse a user without the permission; None, the system itself, is permitted everything.

    Raises:
        PermissionDenied: the message has the permission.
    """
    if actor is not None and not actor.has_perm(verb.permission):
        raise PermissionDenied(f"{actor} does not have the permission {verb.permission}.")
