"""The measured action, which changes a todo and records the time of the commit."""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from example.todos.models import Todo

commits: list[int] = []
"""Commit times in nanoseconds since the epoch, one per action of this process, in order."""


@register
class Touch(Action):
    """Change a todo's note."""

    model = Todo

    def perform(self, context: ActionContext, data: dict[str, Any]) -> None:  # noqa: ARG002
        """Save the note; the first on_commit callback records the time."""
        transaction.on_commit(lambda: commits.append(time.time_ns()))
        todo: Todo = context.object
        todo.note = "Touched."
        todo.save(update_fields=["note"])
        context.emit(summary=f"A user touched “{todo}”", extra={"title": todo.title})
