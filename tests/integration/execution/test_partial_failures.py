"""An object that fails, in whatever way, does not affect the others."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo, Serve
from tests.fixtures.calls import post_ids

pytestmark = pytest.mark.django_db


class HidesOthers(BasePermission):
    """Does as if the todos of others did not exist."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        if obj.owner_id != request.user.pk:
            raise Http404
        return True


def statuses_of(response: Any) -> list[int]:
    return [entry["status"] for entry in response.json()["results"]]


def test_a_permission_that_hides_an_object_refuses_that_one_only(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo, bob: User
) -> None:
    declare(bulk=True, partial=True, permissions=[HidesOthers])
    serve()
    response = post_ids(api, make_todo(owner=bob).pk, make_todo().pk)

    assert (response.status_code, statuses_of(response)) == (207, [404, 200])


@pytest.mark.django_db(transaction=True)
def test_a_constraint_that_is_checked_at_the_end_fails_that_one_only(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo
) -> None:
    def perform(context: ActionContext, _data: Any) -> dict[str, Any]:
        todo: Todo = context.object
        todo.done = True
        if todo.title == "bad":
            todo.owner_id = 999_999
        todo.save()
        return {}

    declare(perform, bulk=True, partial=True, output=False)
    serve()
    bad, good = make_todo("bad"), make_todo()
    response = post_ids(api, bad.pk, good.pk)

    assert (response.status_code, statuses_of(response)) == (207, [500, 200])
    assert Todo.objects.get(done=True) == good
