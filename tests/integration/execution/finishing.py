"""An action that finishes a todo, and what a failed one may not leave behind."""

from __future__ import annotations

from typing import Any

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent, Delivery
from example.todos.models import Todo


def finish(context: ActionContext, _data: dict[str, Any]) -> None:
    """Write to the database."""
    todo: Todo = context.object
    todo.done = True
    todo.save()


def assert_untouched(*todos: Todo) -> None:
    """Fail if an action has left a trace."""
    for todo in todos:
        before = Todo.objects.get(pk=todo.pk)
        assert (before.title, before.done, before.note) == ("Buy milk", False, "")
    assert (ActionEvent.objects.succeeded().count(), Delivery.objects.count()) == (0, 0)
