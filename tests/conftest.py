"""Fixtures that all tests share: users, todos, clients, records and temporary actions."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, Protocol, TypeVar

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import connections
from pytest_django import Settings
from rest_framework.permissions import AllowAny
from rest_framework.routers import DefaultRouter
from rest_framework.test import APIClient
from rest_framework.viewsets import ModelViewSet

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from dj_actions.mixins import ActionMixin
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import publishers
from dj_actions.publishers.memory import outboxes
from dj_actions.registry import registry
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer

pytest_plugins = [
    "tests.collection",
    "tests.fixtures.certificates",
    "tests.fixtures.forms",
    "tests.fixtures.machine_tokens",
    "tests.fixtures.outbox",
    "tests.fixtures.pseudo_language",
    "tests.fixtures.relay",
    "tests.fixtures.tables",
    # Each one after those that it imports: pytest rewrites the assertions of what it imports first.
    "tests.fixtures.destinations",
    "tests.fixtures.bounded_faults",
    "tests.fixtures.response_faults",
    "tests.fixtures.transport_faults",
]

T = TypeVar("T")
Perform = Callable[[ActionContext, dict[str, Any]], Any]
ClientOf = Callable[[User | None], APIClient]
MakeUser = Callable[..., User]
MakeTodo = Callable[..., Todo]
MakeEvent = Callable[..., ActionEvent]
MakeDelivery = Callable[..., Delivery]
Serve = Callable[..., type[ModelViewSet[Any]]]
InThread = Callable[[Callable[[], T]], T]


class Declare(Protocol):
    """Declares and registers an action that is forgotten when the test ends."""

    def __call__(self, perform: Perform = ..., **attributes: Any) -> type[Action]: ...


@pytest.fixture(autouse=True)
def _empty_outboxes() -> Iterator[None]:
    """Let no test see what another has published."""
    yield
    outboxes.clear()
    publishers.reset()


@pytest.fixture
def make_user(db: None) -> MakeUser:
    def make_user(username: str, **fields: Any) -> User:
        user: User = get_user_model().objects.create_user(username, **fields)
        return user

    return make_user


@pytest.fixture
def ann(make_user: MakeUser) -> User:
    """Owner of `todo`."""
    return make_user("ann")


@pytest.fixture
def bob(make_user: MakeUser) -> User:
    """Another user."""
    return make_user("bob")


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    """A superuser."""
    return make_user("admin", is_staff=True, is_superuser=True)


@pytest.fixture
def make_todo(ann: User) -> MakeTodo:
    def make_todo(title: str = "Buy milk", *, owner: User = ann, **fields: Any) -> Todo:
        return Todo.objects.create(title=title, owner=owner, **fields)

    return make_todo


@pytest.fixture
def todo(make_todo: MakeTodo) -> Todo:
    """A todo of ann's."""
    return make_todo()


@pytest.fixture
def client_of() -> ClientOf:
    """Return a client that is logged in; an exception of the server becomes a 500."""

    def client_of(user: User | None) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(user)
        return client

    return client_of


@pytest.fixture
def api(client_of: ClientOf, ann: User) -> APIClient:
    """A client of ann's."""
    return client_of(ann)


@pytest.fixture
def make_event(db: None) -> MakeEvent:
    def make_event(**fields: Any) -> ActionEvent:
        object_id = fields.get("object_id", "7")
        ids = [] if object_id is None else [object_id]
        defaults = {"resource": "todo", "action": "mark_done", "object_id": "7", "object_ids": ids}
        return ActionEvent.objects.create(**(defaults | fields))

    return make_event


@pytest.fixture
def make_delivery(make_event: MakeEvent) -> MakeDelivery:
    def make_delivery(*, event: ActionEvent | None = None, **fields: Any) -> Delivery:
        defaults = {"event": event or make_event(), "publisher": "memory"}
        return Delivery.objects.create(**(defaults | fields))

    return make_delivery


def do_nothing(_context: ActionContext, _data: dict[str, Any]) -> None:
    """The least an action can do."""


@pytest.fixture
def declare() -> Iterator[Declare]:
    # First let the example's viewset take its actions: it must not take the ones made here.
    importlib.import_module("tests.urls")
    declared: list[type[Action]] = []

    def declare(perform: Perform = do_nothing, **attributes: Any) -> type[Action]:
        class Poke(Action):
            """Poke a todo."""

            model = Todo

            def perform(self, context: ActionContext, data: dict[str, Any]) -> Any:
                return perform(context, data)

        for name, value in attributes.items():
            setattr(Poke, name, value)
        declared.append(register(Poke))
        return Poke

    yield declare
    for action in declared:
        registry.remove(action.definition)


@pytest.fixture
def serve(settings: Settings) -> Serve:
    """Return a function that serves a throw-away viewset at `/things/`, open to all."""

    def serve(**attributes: Any) -> type[ModelViewSet[Any]]:
        defaults = {
            "queryset": Todo.objects.all(),
            "serializer_class": TodoSerializer,
            "permission_classes": [AllowAny],
        }
        viewset = type("ThrowAwayViewSet", (ActionMixin, ModelViewSet), defaults | attributes)
        router = DefaultRouter()
        router.register("things", viewset, basename="thing")
        urls = ModuleType("throw_away_urls")
        urls.urlpatterns = router.urls  # type: ignore[attr-defined]  # what Django looks for
        settings.ROOT_URLCONF = urls
        return viewset

    return serve


@pytest.fixture
def in_thread() -> InThread[Any]:
    """Return a function that calls another on a thread, thus on a connection, of its own."""

    def in_thread(call: Callable[[], T]) -> T:
        def alone() -> T:
            try:
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(max_workers=1) as executor:
            return executor.submit(alone).result(timeout=60)

    return in_thread
