"""All rows that an action changes are locked, on the database for writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models import Model
from django.test import Client
from pytest_django import Settings
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient

from dj_actions.action import Action
from dj_actions.admin.confirmation import CONFIRMED
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, MakeTodo, Serve
from tests.fixtures.calls import BULK, post_ids, url_of
from tests.places.models import Place, Restaurant

pytestmark = pytest.mark.django_db(transaction=True)

Call = Callable[[type[Action], Restaurant], Any]


class RestaurantSerializer(ModelSerializer[Restaurant]):
    """A restaurant."""

    class Meta:
        model = Restaurant
        fields = ["visits"]


def is_free(model: type[Model], key: Any) -> bool:
    """Return whether a row can be locked without waiting."""
    with transaction.atomic():
        try:
            model._base_manager.select_for_update(nowait=True, of=("self",)).get(pk=key)
        except OperationalError:
            return False
    return True


def over_http(action: type[Action], restaurant: Restaurant) -> None:
    url = BULK if action.bulk else f"/things/{restaurant.pk}/actions/poke/"
    assert APIClient().post(url, {"ids": [restaurant.pk]}, format="json").status_code == 200


def from_code(action: type[Action], restaurant: Restaurant) -> None:
    if action.bulk:
        action.run(objects=[restaurant])
    else:
        action.run(object=restaurant)


@pytest.mark.postgres
@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize("call", [over_http, from_code])
def test_the_row_of_the_parent_model_is_locked_too(
    declare: Declare,
    serve: Serve,
    in_thread: InThread[bool],
    bulk: bool,
    distinct: bool,
    call: Call,
) -> None:
    restaurant = Restaurant.objects.create(name="Ann's")
    free: list[bool] = []

    def perform(*_: Any) -> dict[str, Any]:
        free.extend(
            in_thread(partial(is_free, model, restaurant.pk)) for model in (Restaurant, Place)
        )
        return {}

    action = declare(perform, model=Restaurant, bulk=bulk, output=False)
    rows = Restaurant.objects.distinct() if distinct else Restaurant.objects.all()
    serve(queryset=rows, serializer_class=RestaurantSerializer)
    call(action, restaurant)

    assert free == [False, False]


def test_an_action_on_a_parent_model_takes_an_object_of_a_child_model(declare: Declare) -> None:
    action = declare(model=Place)
    restaurant = Restaurant.objects.create(name="Ann's")

    assert action.run(object=restaurant).event.object_id == str(restaurant.pk)


@pytest.mark.postgres
def test_the_admin_locks_in_one_order_however_its_list_is_sorted(
    declare: Declare, admin: User, make_todo: MakeTodo, in_thread: InThread[bool]
) -> None:
    todos = [make_todo("a"), make_todo("b")]
    seen: list[list[bool]] = []
    declare(
        lambda *_: seen.append([in_thread(partial(is_free, Todo, entry.pk)) for entry in todos])
    )
    browser = Client()
    browser.force_login(admin)
    chosen = {"action": "poke", "_selected_action": [entry.pk for entry in todos], CONFIRMED: "Run"}
    firsts = []
    for order in ("1", "-1"):
        seen.clear()
        browser.post(f"/admin/todos/todo/?o={order}", chosen)
        firsts.append(seen[0])

    assert firsts[0] == firsts[1]


class ReadsFromReplica:
    """A database router."""

    def db_for_read(self, _model: Any, **_hints: Any) -> str:
        return "replica"

    def db_for_write(self, _model: Any, **_hints: Any) -> str:
        return "default"

    def allow_relation(self, *_objects: Any, **_hints: Any) -> bool:
        return True


@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("distinct", [True, False])
def test_objects_are_read_from_the_database_that_is_written(
    declare: Declare,
    serve: Serve,
    client_of: ClientOf,
    ann: User,
    todo: Todo,
    settings: Settings,
    bulk: bool,
    distinct: bool,
) -> None:
    seen: list[str] = []
    declare(lambda context, _: seen.extend(entry._state.db for entry in context.objects), bulk=bulk)
    serve(queryset=Todo.objects.distinct() if distinct else Todo.objects.all())
    settings.DATABASE_ROUTERS = [f"{__name__}.{ReadsFromReplica.__name__}"]
    client = client_of(ann)
    response = post_ids(client, todo.pk) if bulk else client.post(url_of(todo))

    assert (response.status_code, seen) == (200, ["default"])
