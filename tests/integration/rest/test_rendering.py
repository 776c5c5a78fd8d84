"""The result of an action in its response."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.test import APIClient

from dj_actions.testing import assert_recorded
from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.integration.rest.todo_calls import post
from tests.integration.rest.twin_actions import both_statuses, bulk_and_single

pytestmark = pytest.mark.django_db


def test_an_output_serializer_renders_the_result(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    class Short(serializers.Serializer[Any]):
        title = serializers.CharField()

    declare(output=Short)
    serve()

    assert post(api, f"/things/{todo.pk}/actions/poke/") == (200, {"title": "Buy milk"})


def test_an_output_serializer_sees_the_request(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    class Linked(serializers.Serializer[Any]):
        url = serializers.HyperlinkedIdentityField(view_name="thing-detail")

    bulk_and_single(declare, output=Linked)
    serve()

    assert post(api, f"/things/{todo.pk}/actions/poke/") == (
        200,
        {"url": f"http://testserver/things/{todo.pk}/"},
    )
    assert both_statuses(api, todo.pk) == (200, 200)


def test_the_viewsets_serializer_renders_models(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(lambda context, _: Todo.objects.filter(pk=context.object.pk))
    serve()
    _, body = post(api, f"/things/{todo.pk}/actions/poke/")

    assert [entry["title"] for entry in body] == ["Buy milk"]


@pytest.mark.parametrize("result", [{"a": [1, None, "ü"]}, [], "text", 7, False, 1.5])
def test_plain_results_are_returned_as_they_are(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo, result: Any
) -> None:
    declare(lambda *_: result)
    serve()

    assert post(api, f"/things/{todo.pk}/actions/poke/") == (200, result)
    assert assert_recorded("todo.poke").response_data == result


def test_an_action_with_plain_output_may_return_nothing(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(output=False)
    serve()

    response = api.post(f"/things/{todo.pk}/actions/poke/")

    assert (response.status_code, response.json()) == (200, {})
    assert assert_recorded("todo.poke").response_data == {}
