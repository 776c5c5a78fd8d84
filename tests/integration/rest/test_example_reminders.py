"""The example's action for machines: who may remind whom."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent
from example.todos.models import Todo

pytestmark = pytest.mark.django_db


def remind(user: User, todo: Todo) -> tuple[int, str]:
    """Let a user remind the owner; return the status and what was recorded."""
    client = APIClient()
    client.force_authenticate(user)
    path = f"/todos/{todo.pk}/actions/remind/"
    response = client.post(path, {"text": "The milk!"}, format="json")
    return response.status_code, ActionEvent.objects.get(action="remind").summary


def test_the_owner_reminds_himself(ann: User, todo: Todo) -> None:
    assert remind(ann, todo) == (200, "ann reminds ann of “Buy milk”: The milk!")


def test_a_user_who_may_change_todos_reminds_anybody(bob: User, todo: Todo) -> None:
    bob.user_permissions.add(Permission.objects.get(codename="change_todo"))

    assert remind(bob, todo) == (200, "bob reminds ann of “Buy milk”: The milk!")


def test_nobody_else_does(bob: User, todo: Todo) -> None:
    assert remind(bob, todo)[0] == 403
