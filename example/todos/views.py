"""The API of todos."""

from __future__ import annotations

from rest_framework import viewsets
from rest_framework.serializers import BaseSerializer

from dj_actions.mixins import ActionMixin
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer


class TodoViewSet(ActionMixin, viewsets.ModelViewSet[Todo]):
    """Todos, and their actions under `actions/`."""

    queryset = Todo.objects.select_related("owner")
    serializer_class = TodoSerializer

    def perform_create(self, serializer: BaseSerializer[Todo]) -> None:
        """Make the request's user the owner."""
        serializer.save(owner=self.request.user)
