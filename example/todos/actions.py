"""What can be done with todos."""

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
from example.todos.serializers import HandOverInput, MarkDoneInput

MOST_OPEN_TODOS = 3
"""How many open todos one person can have before nobody may hand them another."""


class IsOwner(BasePermission):
    """Only the owner may act on a todo."""

    message = "This todo belongs to someone else."

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:  # noqa: ARG002
        """Compare the owner with the one who asks."""
        return bool(obj.owner_id == request.user.pk)


class TooManyTodos(APIException):
    """The other person has enough to do."""

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
        """Change the owner, then look whether that was too much."""
        todo: Todo = context.object
        todo.owner = data["to"]
        todo.save(update_fields=["owner"])
        if Todo.objects.filter(owner=todo.owner, done=False).count() > MOST_OPEN_TODOS:
            # The todo is already saved: raising takes it back, record and deliveries included.
            raise TooManyTodos(f"{todo.owner} already has {MOST_OPEN_TODOS} open todos.")
        context.emit(
            summary=f"{context.actor} handed “{todo}” to {todo.owner}",
            recipients=[f"user:{todo.owner.pk}"],
        )
