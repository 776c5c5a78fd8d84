"""Who sees which todos in activity feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from example.todos.models import Todo

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def todos_seen_by(user: User | AnonymousUser) -> QuerySet[Todo]:
    """Return the todos that a user may see: their own."""
    return Todo.objects.select_related("owner").filter(owner=user.pk)
