"""Permissions of the action and of its viewset are both checked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve
from tests.integration.rest.todo_calls import BULK, UNTOUCHED, post, post_raw, trace, url_of

pytestmark = pytest.mark.django_db


def test_without_a_login_nothing_is_shown(client_of: ClientOf, todo: Todo) -> None:
    client = client_of(None)
    for url in (url_of(todo), BULK, "/todos/999999/actions/mark_done/", url_of(todo, "xyz")):
        assert post(client, url)[0] == 401
    assert client.get("/todos/actions/list/").status_code == 401
    assert trace() == UNTOUCHED


def test_the_actions_permissions_are_checked(client_of: ClientOf, bob: User, todo: Todo) -> None:
    assert post(client_of(bob), url_of(todo)) == (
        403,
        {"detail": "This todo belongs to someone else."},
    )
    assert trace() == UNTOUCHED


def test_permissions_are_checked_for_each_object_of_a_bulk_action(
    api: APIClient, make_todo: MakeTodo, bob: User
) -> None:
    mine, his = make_todo(), make_todo(owner=bob)

    assert post(api, BULK, {"ids": [mine.pk, his.pk]})[0] == 403
    assert trace() == UNTOUCHED


def test_the_viewsets_permissions_are_checked_too(
    client_of: ClientOf, admin: User, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(permissions=[IsAdminUser])
    serve(permission_classes=[IsAuthenticated])
    url = f"/things/{todo.pk}/actions/poke/"

    assert post(client_of(None), url)[0] == 401
    assert post(client_of(todo.owner), url)[0] == 403
    assert post(client_of(admin), url)[0] == 200


def test_an_actions_permissions_do_not_loosen_the_viewsets(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(permissions=[])
    serve(permission_classes=[IsAdminUser])

    assert post(api, f"/things/{todo.pk}/actions/poke/")[0] == 403


def test_an_actions_permissions_are_not_checked_elsewhere(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(permissions=[IsAdminUser])
    serve()

    assert api.get(f"/things/{todo.pk}/").status_code == 200


@pytest.mark.parametrize("url", ["/things/{}/actions/poke/", "/things/actions/poke_all/"])
def test_malformed_input_shows_nothing_to_an_anonymous_client(
    client_of: ClientOf, serve: Serve, declare: Declare, todo: Todo, url: str
) -> None:
    declare()
    declare(name="poke_all", bulk=True)
    serve(permission_classes=[IsAuthenticated])

    assert post_raw(client_of(None), url.format(todo.pk), b"{")[0] == 401
