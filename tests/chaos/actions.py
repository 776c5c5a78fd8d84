"""The action that the writers run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from example.todos.models import Todo
from tests.chaos.options import ORDERED, UNORDERED


@dataclass
class WriteNoteInput:
    """The input of WriteNote."""

    text: str


@register
class WriteNote(Action):
    """Write a note on a todo."""

    model = Todo
    input = WriteNoteInput
    output = False
    publish = (UNORDERED, ORDERED)

    def perform(self, context: ActionContext, data: dict[str, Any]) -> dict[str, Any]:
        """Replace the note."""
        todo: Todo = context.object
        todo.note = data["text"]
        todo.save(update_fields=["note"])
        return {"note": todo.note}
