"""The API of todos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import BaseSerializer

from dj_actions.mixins import ActionMixin
from example.todos.actions import IsOwner
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer


class TodoViewSet(ActionMixin, viewsets.ModelViewSet[Todo]):
    """Todos, and their actions under `actions/`."""

    queryset = Todo.objects.select_related("owner")
    serializer_class = TodoSerializer
    # Of all its requests. An action's own permissions protect the action alone, but wherever it is
    # run from.
    permission_classes = [IsAuthenticated, IsOwner]

    def get_permissions(self) -> Sequence[Any]:
        """Leave it to the action itself who may remind: a machine may, which owns no todo."""
        if self.action == "remind":
            return [IsAuthenticated()]
        return super().get_permissions()

    def get_queryset(self) -> QuerySet[Todo]:
        """List only the user's own todos; another's are found, and refused."""
        todos = super().get_queryset()
        return todos.filter(owner=self.request.user.pk) if self.action == "list" else todos

    def perform_create(self, serializer: BaseSerializer[Todo]) -> None:
        """Make the request's user the owner."""
        serializer.save(owner=self.request.user)
