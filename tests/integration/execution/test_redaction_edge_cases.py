"""Sensitive values in unusual places are not stored either."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pydantic
import pytest
from django import forms
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.fixtures.calls import post_ids, url_of

pytestmark = pytest.mark.django_db

SECRET = "hunter2"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Login(serializers.Serializer[Any]):
    """Requires a password, and a number that can be wrong."""

    password = serializers.CharField(style={"input_type": "password"})
    age = serializers.IntegerField(required=False)


class RenamedLogin(serializers.Serializer[Any]):
    """Hands its password over by another name."""

    password = serializers.CharField(style={"input_type": "password"}, source="secret_word")


class NestedLogin(serializers.Serializer[Any]):
    """Has the password one level down."""

    login = Login()


class PrefixedForm(forms.Form):
    """Its fields are sent with a prefix."""

    prefix = "account"
    password = forms.CharField(widget=forms.PasswordInput)
    age = forms.IntegerField()


class JsonForm(forms.Form):
    """Has JSON in a text."""

    config = forms.JSONField()
    age = forms.IntegerField()


class Choice(serializers.Serializer[Any]):
    """Repeats what it is given in its errors, whatever it is."""

    mood = serializers.ChoiceField(choices=["happy"])


class Code(serializers.Serializer[Any]):
    """Says about the whole input what it has read of one field."""

    token = serializers.CharField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        code = attrs["token"].strip('["]')
        raise serializers.ValidationError(f"Unknown code: {code}.")


class DeepModel(pydantic.BaseModel):
    """Takes its secret from deep within the body."""

    pin: pydantic.SecretStr = pydantic.Field(validation_alias=pydantic.AliasPath("auth", "code"))
    age: int


def stored() -> str:
    """Return all that the one event holds."""
    (event,) = ActionEvent.objects.values()
    return json.dumps(event, default=str)


@pytest.mark.parametrize(
    ("declared", "body", "content_type"),
    [
        (NestedLogin, f"login.password={SECRET}&login.age=x", FORM),
        (NestedLogin, json.dumps({"login": {"password": SECRET, "age": "x"}}), JSON),
        (PrefixedForm, json.dumps({"account-password": SECRET, "account-age": "x"}), JSON),
        (PrefixedForm, f"account-password={SECRET}&account-age=x", FORM),
        (DeepModel, json.dumps({"auth": {"code": SECRET}, "age": "x"}), JSON),
        (Login, json.dumps([SECRET]), JSON),
        (Login, json.dumps(SECRET), JSON),
        (JsonForm, json.dumps({"config": f'{{"token": "{SECRET}"}}', "age": "x"}), JSON),
        (Choice, json.dumps({"mood": {"token": SECRET}}), JSON),
        (Choice, json.dumps({"mood": {"token": f"{SECRET}'\n\\é\""}}), JSON),
        (Choice, json.dumps({"mood": f'{{"token": "{SECRET}"}}'}), JSON),
        (Choice, json.dumps({"mood": f'{{"token": "{SECRET}"'}), JSON),
        (Choice, json.dumps({"mood": json.dumps({"in": json.dumps([{"token": SECRET}])})}), JSON),
        (Code, json.dumps({"token": f"  {SECRET}\n"}), JSON),
        (Code, json.dumps({"token": f'["{SECRET}"]'}), JSON),
        (Choice, urlencode({"mood": f'{{"token": "{SECRET}"}}'}), FORM),
    ],
)
def test_a_refused_input_does_not_give_it_away(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    declared: Any,
    body: str,
    content_type: str,
) -> None:
    declare(input=declared, sensitive=["token"], output=False)
    serve()

    assert api.post(url_of(todo), body, content_type=content_type).status_code == 400
    assert SECRET not in stored()


def test_a_field_that_is_handed_over_by_another_name_is_kept_secret(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(lambda *_: {}, input=RenamedLogin, output=False)
    serve()

    assert api.post(url_of(todo), {"password": SECRET}, format="json").status_code == 200
    assert SECRET not in stored()


def refuse(context: ActionContext, data: dict[str, Any]) -> None:
    raise ValidationError(f"{data['password']} is known to all.")


def refuse_the_field(context: ActionContext, data: dict[str, Any]) -> None:
    raise ValidationError({"password": [f"{data['password']} is too weak."]})


def crash(context: ActionContext, data: dict[str, Any]) -> None:
    raise RuntimeError(f"{data['password']} crashed it")


@pytest.mark.parametrize("perform", [refuse, refuse_the_field])
def test_what_a_refusal_says_of_it_is_not_stored(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, perform: Any
) -> None:
    declare(perform, input=Login, output=False)
    serve()
    response = api.post(url_of(todo), {"password": SECRET}, format="json")

    assert (response.status_code, SECRET in response.content.decode()) == (400, True)
    assert SECRET not in stored()


@pytest.mark.parametrize("perform", [refuse, refuse_the_field, crash])
def test_what_the_outcome_of_one_of_many_says_of_it_is_neither_stored_nor_logged(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    caplog: pytest.LogCaptureFixture,
    perform: Any,
) -> None:
    declare(perform, input=Login, bulk=True, partial=True, output=False)
    serve()

    assert post_ids(api, todo.pk, password=SECRET).status_code == 207
    assert SECRET not in stored()
    assert SECRET not in caplog.text
