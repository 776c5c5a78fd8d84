"""The action that is timed: it changes a todo and notes when that was committed."""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from example.todos.models import Todo

commits: list[int] = []
"""Nanoseconds since the epoch, one for each action of this process, in order."""


@register
class Touch(Action):
    """Change a todo's note."""

    model = Todo

    def perform(self, context: ActionContext, data: dict[str, Any]) -> None:  # noqa: ARG002
        """Save the note; the first to be told of the commit is the clock."""
        transaction.on_commit(lambda: commits.append(time.time_ns()))
        todo: Todo = context.object
        todo.note = "Touched."
        todo.save(update_fields=["note"])
        context.emit(summary=f"Somebody touched “{todo}”", extra={"title": todo.title})
