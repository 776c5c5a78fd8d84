"""The example protects its todos, not only their actions: it is what people copy."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.conftest import ClientOf, MakeTodo

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_user_has_no_access_to_the_todo_of_another(
    client_of: ClientOf, bob: User, todo: Todo, method: str
) -> None:
    response = client_of(bob).generic(method, f"/todos/{todo.pk}/")

    assert response.status_code == 403
    assert Todo.objects.get().title == todo.title


def test_only_a_users_own_todos_are_listed(api: APIClient, make_todo: MakeTodo, bob: User) -> None:
    own = make_todo()
    make_todo(owner=bob)

    assert [entry["id"] for entry in api.get("/todos/").json()] == [own.pk]


def test_nothing_is_for_clients_that_have_not_logged_in(client_of: ClientOf, todo: Todo) -> None:
    urls = ("/todos/", f"/todos/{todo.pk}/", "/todos/actions/list/")

    assert [client_of(None).get(url).status_code for url in urls] == [401] * 3
