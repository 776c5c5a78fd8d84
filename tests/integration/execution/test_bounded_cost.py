"""The cost of a call is bounded by the size of its input, and borne by its caller alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from dj_actions.inputs import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.models import ActionEvent
from dj_actions.redaction import MAX_SECRETS, REDACTED, remove_secrets
from example.todos.actions import IsOwner
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, MakeTodo, Serve
from tests.fixtures.calls import BULK, url_of

pytestmark = pytest.mark.django_db

MANY = 16_000
PINS = {
    "type": "object",
    "properties": {
        "pin": {"type": "array", "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
NUMBER = {"type": "object", "properties": {"x": {"type": "number", "multipleOf": 0.01}}}


def test_a_refusal_with_many_secrets_is_recorded_in_time(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    secrets = [f"s{number:06}" for number in range(MANY)]
    declare(input=PINS, sensitive=["pin"])
    serve()
    body = {"pin": secrets, "tags": [{}] * MANY}

    assert api.post(url_of(todo), body, format="json").status_code == 400
    (row,) = ActionEvent.objects.values()
    assert not any(secret in str(row) for secret in secrets[:100])


def test_so_are_the_outcomes_of_a_partial_action(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    secrets = [f"s{number:06}" for number in range(MANY)]

    def perform(_context: Any, data: Any) -> None:
        raise ValidationError(f"{data['pin'][0]} " * MANY)

    declare(perform, input=PINS, sensitive=["pin"], bulk=True, partial=True)
    serve()
    body = {"ids": [todo.pk], "pin": secrets}

    assert api.post(BULK, body, format="json").status_code == 207
    assert secrets[0] not in str(ActionEvent.objects.get().response_data)


def test_a_few_secrets_are_replaced_where_they_are() -> None:
    assert remove_secrets(["see abcdef, abc"], {"abc", "abcdef", "red"}) == [
        f"see {REDACTED}, {REDACTED}"
    ]


def test_with_many_secrets_all_text_is_replaced_but_names_and_numbers() -> None:
    many = {f"s{number:06}" for number in range(MAX_SECRETS + 1)}

    assert remove_secrets({"note": ["No.", 7, None]}, many) == {"note": [REDACTED, 7, None]}


def test_a_keyword_that_cannot_process_a_value_refuses_it(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(input=NUMBER)
    serve()
    body = '{"x": 1' + "0" * 400 + "}"

    response = api.post(url_of(todo), body, content_type="application/json")
    assert (response.status_code, list(response.json())) == (400, ["x"])


# Validation and locks


class WaitingInput(InputAdapter):
    """An input that needs no object, and whose validation takes until it may end."""

    needs_objects = False

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        self.has_begun.set()
        assert self.may_end.wait(30)
        return ValidatedInput(data={})

    def fields(self) -> Sequence[InputField]:
        return ()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}


@pytest.mark.django_db(transaction=True)
def test_while_input_is_validated_others_may_act_on_the_object(
    client_of: ClientOf,
    ann: User,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    in_thread: InThread[Any],
) -> None:
    slow = WaitingInput()
    declare(input=slow)
    declare(name="prod")
    serve()
    with ThreadPoolExecutor(max_workers=1) as executor:
        first = executor.submit(in_thread, lambda: client_of(ann).post(url_of(todo)))
        assert slow.has_begun.wait(30)
        second = client_of(ann).post(url_of(todo, "prod"))
        slow.may_end.set()

    assert (second.status_code, first.result().status_code) == (200, 200)


@pytest.mark.parametrize("declared", [NUMBER, None])
def test_what_the_client_sees_first_is_the_object(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    make_todo: MakeTodo,
    bob: User,
    declared: Any,
) -> None:
    declare(input=declared, permissions=[IsOwner])
    serve()
    urls = ["/things/999999/actions/poke/", url_of(make_todo(owner=bob)), url_of(make_todo())]
    bodies = ({"x": "no number"}, ["no object"])
    statuses = [[api.post(url, body, format="json").status_code for url in urls] for body in bodies]

    assert statuses == [[404, 403, 400 if declared else 200], [404, 403, 400]]
