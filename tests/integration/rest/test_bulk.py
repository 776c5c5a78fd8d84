"""Bulk actions find the objects that the viewset would find one by one."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import NotFound
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo, MakeUser, Serve
from tests.fixtures.calls import post_ids, url_of
from tests.places.models import Licence, Place

pytestmark = pytest.mark.django_db


class StrictModel(pydantic.BaseModel, extra="forbid"):
    """Takes nothing but a note."""

    note: str = ""


STRICT_SCHEMA = {
    "type": "object",
    "properties": {"note": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize("declared", [STRICT_SCHEMA, StrictModel], ids=["schema", "pydantic"])
@pytest.mark.parametrize("partial", [True, False])
def test_an_input_that_takes_nothing_else_does_not_refuse_the_ids(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, declared: Any, partial: bool
) -> None:
    declare(bulk=True, partial=partial, input=declared)
    serve()

    assert post_ids(api, todo.pk, note="n").status_code == (207 if partial else 200)
    assert post_ids(api, todo.pk, more="n").status_code == 400


@pytest.mark.parametrize("name", ["ann", "123"])
def test_objects_are_found_by_a_field_of_another_model(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    make_todo: MakeTodo,
    make_user: MakeUser,
    name: str,
) -> None:
    todo = make_todo(owner=User.objects.filter(username=name).first() or make_user(name))
    declare(bulk=True)
    serve(lookup_field="owner__username")

    assert post_ids(api, name).status_code == 200
    assert ActionEvent.objects.get().object_ids == [str(todo.pk)]


class LicenceSerializer(ModelSerializer[Licence]):
    """A licence."""

    class Meta:
        model = Licence
        fields = ["remark"]


@pytest.fixture
def licences() -> list[Licence]:
    """Return licences, whose keys are those of their places."""
    places = [Place.objects.create(name="x") for _ in range(10)]
    return [Licence.objects.create(place=place) for place in places]


@pytest.fixture
def licensing(declare: Declare, serve: Serve) -> None:
    declare(model=Licence, bulk=True)
    serve(queryset=Licence.objects.exclude(remark="hidden"), serializer_class=LicenceSerializer)


def test_objects_whose_key_is_a_relation_are_fetched_in_one_query(
    api: APIClient, licensing: None, licences: list[Licence]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = post_ids(api, *(entry.pk for entry in licences))

    assert (response.status_code, len(response.json()["results"])) == (200, 10)
    assert len([entry for entry in queries if 'FROM "places_' in entry["sql"]]) == 1


def test_a_key_that_is_a_relation_does_not_tell_what_is_hidden(
    api: APIClient, licensing: None, licences: list[Licence]
) -> None:
    Licence.objects.update(remark="hidden")
    hidden, absent = (post_ids(api, key) for key in (licences[0].pk, 999_999))

    assert (hidden.status_code, absent.status_code) == (404, 404)


@pytest.mark.postgres
def test_objects_are_found_where_the_viewset_picks_one_of_several(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo
) -> None:
    declare(name="single")
    declare(bulk=True)
    serve(queryset=Todo.objects.order_by("owner", "-id").distinct("owner"))
    todo = make_todo()

    assert api.post(url_of(todo, "single")).status_code == 200
    assert post_ids(api, todo.pk).status_code == 200


def test_what_the_viewset_refuses_one_by_one_is_not_reached(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo
) -> None:
    def get_object(self: Any) -> Any:
        found = super(type(self), self).get_object()
        if found.title == "frozen":
            raise NotFound
        return found

    declare(name="single")
    declare(bulk=True)
    serve(get_object=get_object)
    todo = make_todo("frozen")

    assert api.post(url_of(todo, "single")).status_code == 404
    assert post_ids(api, todo.pk).status_code == 404
    assert post_ids(api, make_todo().pk).status_code == 200
