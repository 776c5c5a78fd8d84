"""Whose an idempotency key is, and what a replayed response is permitted by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection, connections, transaction
from django.http import Http404
from pytest_django import Settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.test import APIClient

from dj_actions.action import Action
from dj_actions.models import ActionEvent
from dj_actions.outbox.queries import lock, try_lock
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, MakeTodo, MakeUser, Serve
from tests.fixtures.calls import BULK, url_of

pytestmark = pytest.mark.django_db

KEYED = {"Idempotency-Key": "k"}
REPLAYED = "Idempotent-Replayed"


@dataclass
class TokenUser:
    """A user from a token, as in stateless authentication with JSON Web Tokens."""

    pk: int
    is_authenticated = True

    def __str__(self) -> str:
        return f"TokenUser {self.pk}"


class NamelessUser(TokenUser):
    """As that of simplejwt, whose name is empty unless the token has it."""

    def get_username(self) -> str:
        return ""


class Client:
    """A client's credentials without a text of their own."""


class Service:
    """Authenticated, but not a row of the database."""

    is_authenticated = True
    is_active = True

    def __str__(self) -> str:
        return "service"


class HeaderAuthentication(BaseAuthentication):
    """Knows its clients by a header."""

    def authenticate(self, request: Any) -> tuple[Any, Any] | None:
        kind, _, value = request.headers.get("X-Client", "").partition(" ")
        known: dict[str, Callable[[], tuple[Any, Any]]] = {
            "key": lambda: (AnonymousUser(), value),
            "nobody": lambda: (None, value),
            "bytes": lambda: (AnonymousUser(), value.encode()),
            "claims": lambda: (AnonymousUser(), {"sub": value, "aud": ["x"]}),
            "model": lambda: (AnonymousUser(), Group.objects.get_or_create(name=value)[0]),
            "token": lambda: (TokenUser(int(value)), object()),
            "service": lambda: (Service(), value),
            "flag": lambda: (AnonymousUser(), True),
            "opaque": lambda: (AnonymousUser(), Client()),
        }
        return known[kind]() if kind else None


class OwnByKey(BasePermission):
    """Permits a client the todos that are titled by its key."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj.title == request.auth)


class OwnByUser(BasePermission):
    """Hides other users' todos, as the documentation of DRF recommends."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        if obj.owner != request.user:
            raise Http404
        return True


@pytest.fixture
def anyone() -> APIClient:
    return APIClient(raise_request_exception=False)


def post(client: APIClient, url: str, caller: str | None = None, **body: Any) -> Any:
    headers = KEYED if caller is None else {**KEYED, "X-Client": caller}
    return client.post(url, body, format="json", headers=headers)


# Whose key it is


@pytest.mark.parametrize("kind", ["key", "nobody", "bytes", "claims", "model", "token", "service"])
def test_a_key_belongs_to_the_client_that_the_authentication_identifies(
    anyone: APIClient, declare: Declare, serve: Serve, todo: Todo, kind: str
) -> None:
    declare()
    serve(authentication_classes=[HeaderAuthentication])
    callers = [f"{kind} 1", f"{kind} 2", f"{kind} 1"]
    answers = [post(anyone, url_of(todo), caller) for caller in callers]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.headers.get(REPLAYED) for answer in answers] == [None, None, "true"]
    assert ActionEvent.objects.count() == 2


def test_a_user_without_a_name_is_recorded_by_its_text(declare: Declare, todo: Todo) -> None:
    result = declare().run(actor=NamelessUser(42), object=todo)

    assert (result.event.actor_id, result.event.actor_label) == ("42", "TokenUser 42")


def test_a_client_gets_nothing_by_the_key_of_another(
    anyone: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo
) -> None:
    todo = make_todo("A")
    declare(permissions=[OwnByKey])
    serve(authentication_classes=[HeaderAuthentication])

    assert post(anyone, url_of(todo), "key A").status_code == 200
    assert post(anyone, url_of(todo), "key B").status_code == 403
    assert post(anyone, url_of(todo), "key A")[REPLAYED] == "true"


def test_users_of_different_kinds_do_not_share_keys(
    client_of: ClientOf, declare: Declare, todo: Todo, ann: User
) -> None:
    action = declare()
    group = Group.objects.create(pk=ann.pk, name="as a user")
    group.is_authenticated = True  # type: ignore[attr-defined]  # a user model of its own
    callers = [ann, TokenUser(ann.pk), group, None]

    assert [
        action.run(actor=entry, object=todo, idempotency_key="k").is_replay for entry in callers
    ] == [False] * 4
    assert [
        action.run(actor=entry, object=todo, idempotency_key="k").is_replay for entry in callers
    ] == [True] * 4


@pytest.mark.parametrize("caller", ["", "key ", "flag", "opaque x"])
def test_a_client_that_nothing_identifies_has_no_keys(
    anyone: APIClient, declare: Declare, serve: Serve, todo: Todo, caller: str
) -> None:
    runs: list[int] = []
    declare(lambda *_: runs.append(1))
    serve(authentication_classes=[HeaderAuthentication])
    refused = post(anyone, url_of(todo), caller)

    assert (refused.status_code, list(refused.json())) == (400, ["Idempotency-Key"])
    assert "Authenticate, or leave the header out" in str(refused.json())
    assert runs == []
    assert anyone.post(url_of(todo)).status_code == 200


def test_an_anonymous_user_from_code_has_no_keys_either(declare: Declare, todo: Todo) -> None:
    with pytest.raises(ValidationError):
        declare().run(actor=AnonymousUser(), object=todo, idempotency_key="k")


def test_credentials_are_stored_as_a_hash(
    anyone: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve(authentication_classes=[HeaderAuthentication])
    post(anyone, url_of(todo), "key hunter2")
    event = ActionEvent.objects.get()

    assert event.actor_id is None
    assert event.idempotency_key is not None
    assert event.idempotency_key.endswith(":k")
    assert "hunter2" not in str(vars(event))


def test_the_longest_key_is_stored_for_each_caller(
    anyone: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve(authentication_classes=[HeaderAuthentication])
    answers = [
        anyone.post(url_of(todo), headers={"X-Client": "key A", "Idempotency-Key": key * 255})
        for key in "xxy"
    ]

    assert [answer.headers.get(REPLAYED) for answer in answers] == [None, "true", None]


def test_a_client_is_known_again_after_the_secret_key_was_rotated(
    anyone: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    declare()
    serve(authentication_classes=[HeaderAuthentication])
    post(anyone, url_of(todo), "key A")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert post(anyone, url_of(todo), "key A")[REPLAYED] == "true"


def test_users_of_different_tenants_do_not_share_keys(
    declare: Declare, todo: Todo, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = declare()
    replays = []
    for schema in ("t1", "t2", "t1"):
        # What django-tenants sets; here the records are in a schema that the tenants share.
        with monkeypatch.context() as patch:
            patch.setattr(connections["default"], "schema_name", schema, raising=False)
            replays.append(action.run(actor=ann, object=todo, idempotency_key="k").is_replay)

    assert replays == [False, False, True]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_locks_are_a_schemas_own(in_thread: InThread[bool]) -> None:
    def try_in(schema: str) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL search_path TO {schema}")
            return try_lock("order-1", using="default")

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA tenant_of_a_test")
    try:
        with transaction.atomic():
            lock("order-1", using="default")
            found = [in_thread(partial(try_in, name)) for name in ("public", "tenant_of_a_test")]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA tenant_of_a_test")
    assert found == [False, True]


# What a replay is permitted by


@pytest.fixture
def own(declare: Declare, serve: Serve) -> type[Action]:
    action = declare(permissions=[OwnByUser])
    serve()
    return action


def get_object(view: GenericAPIView[Todo]) -> Todo:
    """Override the viewset's own, so that a bulk action selects its objects one by one."""
    return GenericAPIView.get_object(view)


def lose(todo: Todo, make_user: MakeUser) -> None:
    Todo.objects.filter(pk=todo.pk).update(owner=make_user("eve"))


def test_a_user_who_has_lost_the_object_gets_no_stored_response(
    api: APIClient, own: type[Action], todo: Todo, ann: User, make_user: MakeUser
) -> None:
    assert post(api, url_of(todo)).status_code == 200
    lose(todo, make_user)
    assert post(api, url_of(todo)).status_code == 404
    Todo.objects.update(owner=ann)
    assert post(api, url_of(todo))[REPLAYED] == "true"


def test_nor_does_one_who_may_no_longer_see_it(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve(queryset=Todo.objects.filter(done=False))
    assert post(api, url_of(todo)).status_code == 200
    Todo.objects.update(done=True)

    assert post(api, url_of(todo)).status_code == 404


def test_nor_one_who_may_no_longer_run_the_action(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, ann: User
) -> None:
    class Named(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return bool(User.objects.get(pk=request.user.pk).first_name)

    action = declare(permissions=[Named])
    serve()
    User.objects.update(first_name="Ann")
    assert post(api, url_of(todo)).status_code == 200
    assert not action.run(actor=ann, object=todo, idempotency_key="c").is_replay
    User.objects.update(first_name="")

    assert post(api, url_of(todo)).status_code == 403
    with pytest.raises(Exception, match="permission"):
        action.run(actor=ann, object=todo, idempotency_key="c")


@pytest.mark.parametrize("is_partial", [False, True])
@pytest.mark.parametrize("has_get_object", [False, True])
def test_a_bulk_action_is_replayed_while_each_of_its_objects_is_accessible(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    make_todo: MakeTodo,
    make_user: MakeUser,
    is_partial: bool,
    has_get_object: bool,
) -> None:
    ids = [make_todo().pk, make_todo().pk]
    declare(permissions=[OwnByUser], bulk=True, partial=is_partial)
    serve(**({"get_object": get_object} if has_get_object else {}))
    first = post(api, BULK, ids=ids)
    assert first.status_code == (207 if is_partial else 200)
    assert post(api, BULK, ids=ids)[REPLAYED] == "true"
    Todo.objects.filter(pk=ids[0]).delete()
    again = post(api, BULK, ids=ids)
    assert (again[REPLAYED], again.json()) == ("true", first.json())
    lose(Todo.objects.get(pk=ids[1]), make_user)

    assert post(api, BULK, ids=ids).status_code == 404


def test_what_a_partial_action_was_refused_then_it_may_be_refused_again(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo, bob: User
) -> None:
    ids = [make_todo().pk, make_todo(owner=bob).pk]
    declare(permissions=[OwnByUser], bulk=True, partial=True)
    serve()
    post(api, BULK, ids=ids)

    assert post(api, BULK, ids=ids)[REPLAYED] == "true"


def test_from_code_the_same(own: type[Action], todo: Todo, ann: User, make_user: MakeUser) -> None:
    own.run(actor=ann, object=todo, idempotency_key="k")
    own.run(object=todo, idempotency_key="k")
    lose(todo, make_user)

    with pytest.raises(Http404):
        own.run(actor=ann, object=todo, idempotency_key="k")
    assert own.run(object=todo, idempotency_key="k").is_replay
