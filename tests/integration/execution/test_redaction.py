"""Sensitive values are not stored, published or shown, and large values are not stored."""

from __future__ import annotations

import logging
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pydantic
import pytest
from django import forms
from django.contrib.auth.models import User
from django.core import serializers as django_serializers
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction, InvalidSetting
from dj_actions.models import ActionEvent
from dj_actions.publishers.memory import outboxes
from dj_actions.redaction import REDACTED, TOO_LARGE, redact
from dj_actions.relay.relay import Relay
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, Serve

pytestmark = pytest.mark.django_db

SECRET = "4711-very-secret"


class PinInput(serializers.Serializer[Any]):
    pin = serializers.CharField()
    note = serializers.CharField(required=False)


class PasswordInput(serializers.Serializer[Any]):
    code = serializers.CharField(style={"input_type": "password"})


class PasswordForm(forms.Form):
    code = forms.CharField(widget=forms.PasswordInput)


class DigitsInput(serializers.Serializer[Any]):
    pin = serializers.ChoiceField(choices=["1"])


def tell_all(context: ActionContext, data: dict[str, Any]) -> dict[str, Any]:
    """Put the secret wherever data can be put."""
    assert SECRET in str(data)
    context.emit(extra={"deep": [{"Pin": SECRET}]})
    return {"pin": SECRET, "list": [{"pin": SECRET}], "fine": 1}


def everything_stored() -> str:
    return str(django_serializers.serialize("json", ActionEvent.objects.all()))


def post(client: APIClient, todo: Todo, body: Any) -> Any:
    return client.post(f"/things/{todo.pk}/actions/poke/", body, format="json")


@pytest.mark.django_db(transaction=True)
def test_a_sensitive_field_is_nowhere_but_in_the_response_to_its_caller(
    api: APIClient,
    client_of: ClientOf,
    admin: User,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    declare(tell_all, input=PinInput, output=False, sensitive=["pin"], publish=["memory"])
    serve()
    answer = post(api, todo, {"pin": SECRET, "note": "n"})
    Relay().drain()

    assert answer.json()["pin"] == SECRET
    event = ActionEvent.objects.get()
    assert event.request_data == {"pin": REDACTED, "note": "n"}
    assert event.response_data == {"pin": REDACTED, "list": [{"pin": REDACTED}], "fine": 1}
    assert event.extra == {"deep": [{"Pin": REDACTED}]}
    assert len(outboxes["memory"]) == 1
    assert SECRET not in repr(outboxes["memory"])
    assert SECRET not in everything_stored()
    # DEBUG logs of Django's database backend are the project's own choice.
    logged = [entry.getMessage() for entry in caplog.records if entry.name.startswith("dj_actions")]
    assert SECRET not in str(logged)


@pytest.mark.parametrize(
    ("declared", "body"),
    [(PasswordInput, {"code": SECRET}), (PasswordForm, {"code": SECRET})],
)
def test_password_fields_need_not_be_named(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, declared: Any, body: Any
) -> None:
    declare(input=declared)
    serve()
    assert post(api, todo, body).status_code == 200

    assert ActionEvent.objects.get().request_data == {"code": REDACTED}


def test_a_refused_input_is_redacted_and_so_is_what_the_refusal_says_of_it(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(input=DigitsInput, sensitive=["pin"])
    serve()
    assert SECRET in str(post(api, todo, {"pin": SECRET, "deep": {"PIN": SECRET}}).json())

    event = ActionEvent.objects.get()
    assert event.request_data == {"pin": REDACTED, "unknown_fields": 1}
    assert SECRET not in everything_stored()


def test_the_settings_name_fields_for_all_actions(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "SENSITIVE_FIELDS": ["IBAN"]}
    declare(input=PinInput)
    serve()
    post(api, todo, {"pin": "1", "iban": SECRET})
    post(api, todo, {"iban": SECRET})

    assert SECRET not in everything_stored()


def test_a_repeated_request_gets_what_was_kept(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(tell_all, input=PinInput, output=False, sensitive=["pin"])
    serve()
    url, headers = f"/things/{todo.pk}/actions/poke/", {"Idempotency-Key": "k"}
    for expected in (SECRET, REDACTED):
        answer = api.post(url, {"pin": SECRET}, format="json", headers=headers)
        assert answer.json()["pin"] == expected


@pytest.mark.parametrize("wrong", ["pin", "x"])
def test_a_text_where_names_belong_is_refused(
    declare: Declare, settings: Settings, wrong: str, todo: Todo
) -> None:
    with pytest.raises(InvalidAction, match=r"Did you mean sensitive = \('"):
        declare(sensitive=wrong)
    settings.DJ_ACTIONS = {"SENSITIVE_FIELDS": wrong}
    with pytest.raises(InvalidSetting, match="must be a list of names"):
        declare().run(object=todo)


def test_what_is_redacted_is_a_copy() -> None:
    data = {"a": [{"pin": 1}], "b": {"PIN": {"deep": 2}}, "c": 3}

    assert redact(data, {"pin"}) == {"a": [{"pin": REDACTED}], "b": {"PIN": REDACTED}, "c": 3}
    assert data == {"a": [{"pin": 1}], "b": {"PIN": {"deep": 2}}, "c": 3}


class Account(pydantic.BaseModel):
    password: pydantic.SecretStr
    home: pydantic.AnyUrl
    address: IPv4Address
    folder: Path


def test_what_pydantic_makes_of_an_input_is_recorded(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    seen: list[Any] = []
    declare(lambda _context, data: seen.append(data), input=Account)
    serve()
    body = {
        "password": SECRET,
        "home": "https://example.org/x",
        "address": "10.0.0.1",
        "folder": "a/b",
    }
    assert post(api, todo, body).status_code == 200

    assert seen[0]["password"].get_secret_value() == SECRET
    assert ActionEvent.objects.get().request_data == body | {"password": REDACTED}


# Sizes


def test_of_too_much_only_the_size_is_kept(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    def perform(context: ActionContext, _data: Any) -> dict[str, Any]:
        context.emit(extra={"text": "ü" * 100})
        return {"rows": ["x" * 100]}

    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_STORED_BYTES": 100}
    declare(perform, output=False, input={"type": "object"})
    serve()
    answer = post(api, todo, {"note": "x" * 100})

    assert answer.json() == {"rows": ["x" * 100]}
    event = ActionEvent.objects.get()
    assert event.request_data == {TOO_LARGE: len('{"note": "' + "x" * 100 + '"}')}
    assert event.response_data == {TOO_LARGE: len('{"rows": ["' + "x" * 100 + '"]}')}
    assert event.extra == {TOO_LARGE: len('{"text": ""}') + 200}


@pytest.mark.parametrize("sensitive", [[], ["pin"]])
def test_the_size_is_counted_in_bytes_of_utf_8(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    settings: Settings,
    sensitive: list[str],
) -> None:
    """With its characters escaped, the same text would be three times as long."""
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_STORED_BYTES": 220}
    row = {"text": "ü" * 100}
    declare(
        lambda _context, _data: row, output=False, input={"type": "object"}, sensitive=sensitive
    )
    serve()
    post(api, todo, row)

    event = ActionEvent.objects.get()
    assert (event.request_data, event.response_data) == (row, row)


def test_of_too_many_ids_that_were_refused_only_some_are_kept(
    api: APIClient, declare: Declare, serve: Serve, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_STORED_BYTES": 1000}
    declare(bulk=True)
    serve()
    api.post("/things/actions/poke/", {"ids": list(range(10_000, 11_000))}, format="json")

    assert list(ActionEvent.objects.get().request_data) == [TOO_LARGE]
