"""No caller gains the permissions of the system itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve
from tests.fixtures.calls import url_of

pytestmark = pytest.mark.django_db


class DenyAll(BasePermission):
    """Denies every user; it is not checked for the system itself."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class ClientCredentials(BaseAuthentication):
    """Knows a program, not a user, as OAuth does."""

    def authenticate(self, request: Any) -> tuple[Any, str]:
        return None, "token"


def test_a_request_without_a_user_is_not_the_system(
    declare: Declare, serve: Serve, todo: Todo
) -> None:
    done: list[int] = []

    def run_child(context: ActionContext, _data: Any) -> None:
        context.run(child, object=context.object)

    child = declare(lambda *_: done.append(1), name="child", permissions=[DenyAll])
    declare(run_child)
    serve(authentication_classes=[ClientCredentials])
    client = APIClient(raise_request_exception=False)

    assert client.post(url_of(todo, "child")).status_code in {401, 403}
    assert client.post(url_of(todo)).status_code in {401, 403}
    assert done == []


@pytest.mark.parametrize("key", [None, "k"])
def test_an_actor_who_was_deactivated_is_refused(
    declare: Declare, todo: Todo, ann: User, key: str | None
) -> None:
    action = declare()
    action.run(actor=ann, object=todo, idempotency_key=key)
    ann.is_active = False

    with pytest.raises(PermissionDenied, match="'ann' is inactive"):
        action.run(actor=ann, object=todo, idempotency_key=key)
    event = ActionEvent.objects.first()
    assert event is not None
    assert (event.status_code, event.actor_label) == (403, "ann")


def test_a_part_of_an_action_is_run_by_whom_a_project_lets_in(
    client_of: ClientOf, declare: Declare, serve: Serve, todo: Todo, ann: User
) -> None:
    # As Django's AllowAllUsersModelBackend does.
    ann.is_active = False
    part = declare(name="part")

    def perform(context: ActionContext, _data: Any) -> None:
        context.run(part, object=context.object)

    declare(perform)
    serve()

    assert client_of(ann).post(url_of(todo)).status_code == 200


class HideOthers(BasePermission):
    """Hides what one may not read, as the documentation of DRF recommends."""

    error: Exception = Http404()

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        if obj.owner_id != request.user.pk:
            raise self.error
        return True


@pytest.mark.parametrize(
    ("error", "status"), [(Http404(), 404), (DjangoPermissionDenied(), 403), (NotFound(), 404)]
)
def test_a_permission_that_raises_refuses_one_object_of_a_partial_action(
    declare: Declare,
    make_todo: MakeTodo,
    ann: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
) -> None:
    monkeypatch.setattr(HideOthers, "error", error)
    todos = [make_todo(), make_todo(owner=bob)]
    partial = declare(bulk=True, partial=True, permissions=[HideOthers])
    result = partial.run(actor=ann, objects=todos)

    assert [entry["status"] for entry in result.body["results"]] == [200, status]
    with pytest.raises(type(error)):
        declare(name="all", bulk=True, permissions=[HideOthers]).run(actor=ann, objects=todos)


def test_a_permission_that_crashes_is_a_crash(
    declare: Declare, make_todo: MakeTodo, ann: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HideOthers, "error", ZeroDivisionError())
    partial = declare(bulk=True, partial=True, permissions=[HideOthers])

    with pytest.raises(ZeroDivisionError):
        partial.run(actor=ann, objects=[make_todo(), make_todo(owner=bob)])


def test_all_objects_of_a_call_from_code_are_checked_with_one_request(
    declare: Declare, make_todo: MakeTodo, ann: User
) -> None:
    requests: list[Any] = []

    class Remember(BasePermission):
        def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
            requests.append(request)
            return True

    action = declare(bulk=True, permissions=[Remember])
    action.run(actor=ann, objects=[make_todo(), make_todo()])

    first, second = requests
    assert first is second
    assert first.user == ann
