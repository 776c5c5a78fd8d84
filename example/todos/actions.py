"""The actions of todos."""

from __future__ import annotations

from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from example.todos.forms import BulkMarkDoneForm
from example.todos.models import Todo
from example.todos.serializers import HandOverInput, MarkDoneInput, RemindInput

MAX_OPEN_TODOS = 3
"""Maximum number of open todos of a user who is handed another one."""


class IsOwner(BasePermission):
    """Only the owner may act on a todo."""

    message = "This todo belongs to someone else."

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:  # noqa: ARG002
        """Compare the todo's owner with the request's user."""
        return bool(obj.owner_id == request.user.pk)


class IsOwnerOrMayChange(IsOwner):
    """The owner may act on a todo, and so may a user with the permission to change todos."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Compare the owner, then check the permission."""
        return super().has_object_permission(request, view, obj) or request.user.has_perm(
            "todos.change_todo"
        )


class TooManyTodos(APIException):
    """The new owner has too many open todos."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "too_many_todos"


@register
class MarkDone(Action):
    """Mark one todo as done."""

    model = Todo
    input = MarkDoneInput
    permissions = [IsAuthenticated, IsOwner]

    def perform(self, context: ActionContext, data: dict[str, Any]) -> None:
        """Set it to done, with a note."""
        todo: Todo = context.object
        todo.done = True
        todo.note = data["note"]
        todo.save(update_fields=["done", "note"])
        context.emit(summary=f"{context.actor} finished “{todo}”", extra={"title": todo.title})


@register
class BulkMarkDone(Action):
    """Mark many todos as done."""

    model = Todo
    bulk = True
    input = BulkMarkDoneForm
    permissions = [IsAuthenticated, IsOwner]

    def perform(self, context: ActionContext, data: dict[str, Any]) -> None:
        """Set all to done, with one note."""
        for todo in context.objects:
            todo.done = True
            todo.note = data["note"]
        Todo.objects.bulk_update(context.objects, ["done", "note"])
        context.emit(
            summary=f"{context.actor} finished {len(context.objects)} todos",
            extra={"titles": {str(todo.pk): todo.title for todo in context.objects}},
        )


@register
class HandOver(Action):
    """Hand a todo over to someone else.

    Refused when that person already has three open todos.
    """

    model = Todo
    input = HandOverInput
    permissions = [IsAuthenticated, IsOwner]

    def perform(self, context: ActionContext, data: dict[str, Any]) -> None:
        """Change the owner, then check the limit."""
        todo: Todo = context.object
        todo.owner = data["to"]
        todo.save(update_fields=["owner"])
        if Todo.objects.filter(owner=todo.owner, done=False).count() > MAX_OPEN_TODOS:
            # The todo is already saved: raising rolls back everything, with event and deliveries.
            raise TooManyTodos(f"{todo.owner} already has {MAX_OPEN_TODOS} open todos.")
        context.emit(
            summary=f"{context.actor} handed “{todo}” to {todo.owner}",
            recipients=[todo.owner, f"notification:{todo.owner.pk}"],
        )


@register
class Remind(Action):
    """Remind the owner of a todo.

    It changes nothing but the owner's feed. The DAG `todo_handed_over` calls it.
    """

    model = Todo
    input = RemindInput
    permissions = [IsAuthenticated, IsOwnerOrMayChange]

    def perform(self, context: ActionContext, data: dict[str, Any]) -> None:
        """Send the reminder to the owner's feed."""
        todo: Todo = context.object
        context.emit(
            summary=f"{context.actor} reminds {todo.owner} of “{todo}”: {data['text']}",
            recipients=[todo.owner],
        )
