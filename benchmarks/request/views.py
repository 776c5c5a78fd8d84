"""The same change without DJ Actions: plain, careful, by hand, and with jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from benchmarks.request.by_hand import record_by_hand
from benchmarks.request.tasks import start_pipeline, update_feed
from example.todos.actions import IsOwner
from example.todos.models import Todo
from example.todos.serializers import MarkDoneInput, TodoSerializer


class BulkMarkDoneInput(MarkDoneInput):
    """Input of `bulk_mark_done`."""

    ids = serializers.ListField(
        child=serializers.IntegerField(), allow_empty=False, max_length=1000
    )


class PlainTodoViewSet(ModelViewSet[Todo]):
    """The most common implementation: in autocommit mode."""

    queryset = Todo.objects.select_related("owner")
    serializer_class = TodoSerializer

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, IsOwner])
    def mark_done(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Mark the todo as done, with a note."""
        return Response(self.respond(request))

    def respond(self, request: Request) -> Any:
        """Change the todo and return it as JSON."""
        return self.get_serializer(self.change(request)).data

    def change(self, request: Request) -> Todo:
        """Fetch, authorize, validate and save."""
        todo: Todo = self.get_object()
        serializer = MarkDoneInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        todo.done = True
        todo.note = serializer.validated_data["note"]
        todo.save(update_fields=["done", "note"])
        return todo


class CarefulTodoViewSet(PlainTodoViewSet):
    """A careful implementation: in a transaction, with the row locked."""

    def get_queryset(self) -> QuerySet[Todo]:
        """Lock the todo to change."""
        todos = super().get_queryset()
        return todos.select_for_update(of=("self",)) if self.action == "mark_done" else todos

    def respond(self, request: Request) -> Any:
        """Change the todo in a transaction."""
        with transaction.atomic():
            todo = self.change(request)
        return self.get_serializer(todo).data

    @action(detail=False, methods=["post"], permission_classes=[IsAuthenticated, IsOwner])
    def bulk_mark_done(self, request: Request) -> Response:
        """Mark all todos of the request as done, with one note."""
        serializer = BulkMarkDoneInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with transaction.atomic():
            todos = self.locked(data["ids"])
            for todo in todos:
                todo.done = True
                todo.note = data["note"]
            Todo.objects.bulk_update(todos, ["done", "note"])
        return Response({"meta": {}, "results": self.get_serializer(todos, many=True).data})

    def locked(self, keys: Sequence[int]) -> list[Todo]:
        """Fetch, lock and authorize todos, and return them in the order of their keys."""
        todos = self.get_queryset().select_for_update(of=("self",))
        rows = self.filter_queryset(todos.filter(pk__in=keys)).order_by("pk")
        found = {todo.pk: todo for todo in rows}
        missing = [key for key in keys if key not in found]
        if missing:
            raise NotFound(f"Not found: {missing}.")
        for todo in found.values():
            self.check_object_permissions(self.request, todo)
        return [found[key] for key in dict.fromkeys(keys)]


class ByHandTodoViewSet(CarefulTodoViewSet):
    """The careful implementation, with one event and two deliveries inserted by SQL."""

    def respond(self, request: Request) -> Any:
        """Change the todo and record the change."""
        with transaction.atomic():
            todo = self.change(request)
            result = self.get_serializer(todo).data
            record_by_hand(todo, request.user, data={"note": todo.note}, result=result)
        return result


class ProcrastinateTodoViewSet(PlainTodoViewSet):
    """The plain implementation in a transaction, with two deferred jobs."""

    def respond(self, request: Request) -> Any:
        """Change the todo and defer the jobs."""
        with transaction.atomic():
            todo = self.change(request)
            update_feed.defer(todo_id=todo.pk, actor_id=request.user.pk)
            start_pipeline.defer(todo_id=todo.pk, actor_id=request.user.pk)
        return self.get_serializer(todo).data
