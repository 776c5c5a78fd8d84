"""The ids of a bulk action: which are accepted, and which are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.conftest import MakeTodo
from tests.integration.rest.todo_calls import BULK, UNTOUCHED, post, post_raw, trace

pytestmark = pytest.mark.django_db


def test_ids_named_twice_count_once(api: APIClient, make_todo: MakeTodo) -> None:
    first, second = make_todo(), make_todo()
    ids = [second.pk, str(second.pk), first.pk, second.pk]
    _, body = post(api, BULK, {"ids": ids})

    assert [entry["id"] for entry in body["results"]] == [second.pk, first.pk]


def test_ids_can_be_texts(api: APIClient, todo: Todo) -> None:
    assert post(api, BULK, {"ids": [str(todo.pk)]})[0] == 200


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "This list may not be empty."),
        (None, 'Expected a list of items but got type "NoneType".'),
        ("1", 'Expected a list of items but got type "str".'),
        (1, 'Expected a list of items but got type "int".'),
        ({"1": 1}, 'Expected a list of items but got type "dict".'),
        ([True], "True is not a valid id"),
        ([None], "None is not a valid id"),
        ([1.0], "1.0 is not a valid id"),
        ([[1]], "[1] is not a valid id"),
        ([{}], "{} is not a valid id"),
        (["x"], "'x' is not a valid id"),
        ([""], "'' is not a valid id"),
        (["1 OR 1=1"], "'1 OR 1=1' is not a valid id"),
        ([10**30], "is not a valid id"),
        ([-(10**30)], "is not a valid id"),
        (["9" * 5000], "is not a valid id"),
        (["\x00"], "is not a valid id"),
        (["\ud800"], "is not a valid id"),
    ],
    ids=range(18),
)
def test_ids_that_are_none_are_refused(api: APIClient, ids: Any, said: str) -> None:
    status, answer = post_raw(api, BULK, json.dumps({"ids": ids}))

    assert (status, list(answer)) == (400, ["ids"])
    assert said in answer["ids"][0]
    assert trace() == UNTOUCHED


def test_missing_ids_are_required(api: APIClient) -> None:
    assert post(api, BULK, {"note": "x"}) == (400, {"ids": ["This field is required."]})


def test_one_unknown_id_refuses_all(api: APIClient, todo: Todo) -> None:
    status, answer = post(api, BULK, {"ids": [todo.pk, 999_998, 999_999]})

    assert (status, answer) == (404, {"detail": "Not found: 999998, 999999."})
    assert trace() == UNTOUCHED
