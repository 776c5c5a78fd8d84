"""JSON that a client sends with the content type of a form, as `curl -d` does."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.fixtures.calls import BULK, url_of

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "body",
    [
        '{"note": "two bottles"}',
        ' \n{"note": "a=b&c=d"}',
        '[{"note": ""}]',
        "{}",
        urlencode({'{"note": "encoded"}': ""}),
    ],
)
def test_it_is_refused_with_a_hint_and_changes_nothing(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, body: str
) -> None:
    runs: list[object] = []
    declare(lambda context, _data: runs.append(context.object))
    serve()
    answer = api.post(url_of(todo), body, content_type=FORM)

    assert answer.status_code == 400
    assert "Content-Type: application/json" in str(answer.data)
    assert runs == []


def test_it_is_refused_by_a_bulk_action_too(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(bulk=True)
    serve()
    answer = api.post(BULK, f'{{"ids": [{todo.pk}]}}', content_type=FORM)

    assert (answer.status_code, "application/json" in str(answer.data)) == (400, True)


@pytest.mark.parametrize("body", ["", "note=two+bottles", "note=%7B%7D", "a=1&%7Bb%7D=2"])
def test_a_form_is_read_as_before(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, body: str
) -> None:
    declare()
    serve()
    assert api.post(url_of(todo), body, content_type=FORM).status_code == 200
