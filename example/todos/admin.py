"""Todos in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from dj_actions.model_admin import ActionAdminMixin
from example.todos.models import Todo

if TYPE_CHECKING:
    TodoAdminBase = admin.ModelAdmin[Todo]
else:
    TodoAdminBase = admin.ModelAdmin


@admin.register(Todo)
class TodoAdmin(ActionAdminMixin, TodoAdminBase):
    """Todos, with their actions in the change list."""

    list_display = ("title", "owner", "done", "note")
    list_filter = ("done",)
