"""A client cannot fill the table of events with calls that change nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.test import APIClient

from dj_actions.action import Action
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, Serve
from tests.fixtures.calls import BULK, url_of

pytestmark = pytest.mark.django_db

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LARGE = "x" * 100_000
KEPT = 8192
"""Bytes of a failed call that are kept at most: of its input, and of its error."""


class BrokenAuthentication(BaseAuthentication):
    """Fails, as Basic authentication does for a NUL in the user's name."""

    def authenticate(self, request: Any) -> None:
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")


class ByKey(BaseAuthentication):
    """Knows its clients by a key."""

    def authenticate(self, request: Any) -> tuple[Any, str]:
        return AnonymousUser(), "key of a client"


class DenyAll(BasePermission):
    """Denies every client."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Address(serializers.Serializer[Any]):
    """Contains a secret."""

    pin = serializers.CharField()


class Order(serializers.Serializer[Any]):
    """An input with fields at two depths."""

    note = serializers.CharField(max_length=50)
    address = Address(required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)


class OrderForm(forms.Form):
    """An input with a field of two parts, and a file."""

    note = forms.CharField(max_length=50)
    due = forms.SplitDateTimeField(required=False)
    file = forms.FileField(required=False)


def crash(*_: Any) -> None:
    raise ZeroDivisionError


def refuse(*_: Any) -> None:
    raise ValidationError("No.")


@pytest.fixture
def anonymous(client_of: ClientOf) -> APIClient:
    return client_of(None)


@pytest.mark.parametrize(
    ("viewset", "declared", "path", "status"),
    [
        ({"permission_classes": [IsAuthenticated]}, {}, "{pk}/actions/poke", 401),
        (
            # The first authentication has no challenge, so that DRF turns 401 into 403.
            {
                "permission_classes": [IsAuthenticated],
                "authentication_classes": [SessionAuthentication],
            },
            {},
            "{pk}/actions/poke",
            403,
        ),
        ({}, {"permissions": [DenyAll]}, "{pk}/actions/poke", 401),
        ({}, {}, "999999/actions/poke", 404),
        ({}, {}, "{pk}/actions/poke", 400),
        ({}, {"perform": refuse, "input": None}, "{pk}/actions/poke", 400),
        ({}, {"perform": crash, "input": None}, "{pk}/actions/poke", 500),
        ({"authentication_classes": [BrokenAuthentication]}, {}, "{pk}/actions/poke", 500),
        ({}, {"bulk": True}, "actions/poke", 404),
        ({}, {"bulk": True, "input": None, "partial": True}, "actions/poke", 207),
    ],
)
@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_a_call_that_changed_nothing_leaves_nothing(
    anonymous: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    viewset: dict[str, Any],
    declared: dict[str, Any],
    path: str,
    status: int,
    content_type: str,
) -> None:
    declare(**{"input": Order, **declared})
    serve(**viewset)
    url = f"/things/{path.format(pk=todo.pk)}/"
    body = json.dumps({"ids": ["999999"], "note": LARGE})
    if content_type == FORM:
        body = f"ids=999999&note={LARGE}"
    response = anonymous.generic("POST", url, body, content_type=content_type)

    assert response.status_code == status
    assert not ActionEvent.objects.exists()


def test_nor_does_a_file(anonymous: APIClient, declare: Declare, serve: Serve, todo: Todo) -> None:
    declare(input=OrderForm)
    serve()
    body = {"file": SimpleUploadedFile("x.txt", LARGE.encode())}

    assert anonymous.post(url_of(todo), body, format="multipart").status_code == 400
    assert not ActionEvent.objects.exists()


def test_nor_does_a_call_from_code_for_an_anonymous_user(declare: Declare, todo: Todo) -> None:
    with pytest.raises(ZeroDivisionError):
        declare(crash).run(actor=AnonymousUser(), object=todo)

    assert not ActionEvent.objects.exists()


def test_what_an_anonymous_client_changes_is_recorded(
    anonymous: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(bulk=True, partial=True)
    serve()

    body = {"ids": [todo.pk, 999999]}
    assert anonymous.post(BULK, body, format="json").status_code == 207
    assert ActionEvent.objects.get().object_ids == [str(todo.pk)]


def test_the_failure_of_a_client_that_is_not_a_user_is_recorded(
    declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(refuse)
    serve(authentication_classes=[ByKey])

    assert APIClient().post(url_of(todo)).status_code == 400
    assert ActionEvent.objects.get().status_code == 400


# What is kept of a failed call of any client


@pytest.fixture(params=["serializer", "form", "bulk", "code", "server error"])
def refused(
    request: pytest.FixtureRequest,
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    ann: User,
) -> ActionEvent:
    """The event of a refused call with a large input."""
    body: dict[str, Any] = {"note": LARGE, LARGE: "x", "tags": ["long"] * 10_000}
    kind = request.param
    action = declare(
        crash if kind == "server error" else refuse,
        input=OrderForm if kind == "form" else Order,
        bulk=kind == "bulk",
    )
    serve()
    if kind == "code":
        with pytest.raises(ValidationError):
            action.run(actor=ann, object=todo, data=body)
    elif kind == "bulk":
        api.post(BULK, {**body, "ids": [todo.pk] * 1000}, format="json")
    else:
        api.post(url_of(todo), body, format="json")
    return ActionEvent.objects.get()


def test_a_few_kilobytes_are_kept(refused: ActionEvent) -> None:
    (row,) = ActionEvent.objects.values()

    assert len(json.dumps(row, default=str)) < KEPT
    assert list(refused.request_data) == ["too_large_to_store"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"note": "n", "pin ": "1234"}, {"note": "n", "unknown_fields": 1}),
        ({"p\u200bin": "1234", "a=1&pin=1234": "", "b=1234.pin": ""}, {"unknown_fields": 3}),
        (
            {"address": {"pin": "1234", "Pin ": "1234"}, "tags": [{"x": "1234"}]},
            {
                "address": {"pin": "[redacted]", "unknown_fields": 1},
                "tags": [{"unknown_fields": 1}],
            },
        ),
    ],
)
def test_only_known_fields_are_kept(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, body: Any, kept: Any
) -> None:
    declare(refuse, input=Order, sensitive=["pin"])
    serve()

    assert api.post(url_of(todo), body, format="json").status_code == 400
    assert ActionEvent.objects.get().request_data == kept
    (row,) = ActionEvent.objects.values()
    assert "1234" not in json.dumps(row["request_data"])


def test_the_names_that_an_html_form_sends_are_known(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    body = {"note": LARGE[:60], "due_0": "2026-05-01", "due_1": "12:00"}
    declare(input=OrderForm)
    serve()

    assert api.post(url_of(todo), body, format="multipart").status_code == 400
    assert ActionEvent.objects.get().request_data == body


def test_the_ids_of_a_bulk_action_are_known(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(refuse, bulk=True)
    serve()
    api.post(BULK, {"ids": [todo.pk], "more": 1}, format="json")

    assert ActionEvent.objects.get().request_data == {"ids": [todo.pk], "unknown_fields": 1}


def test_an_action_without_input_keeps_none(declare: Declare, todo: Todo, ann: User) -> None:
    action: type[Action] = declare(refuse)
    with pytest.raises(ValidationError):
        action.run(actor=ann, object=todo, data={"a": 1})

    assert ActionEvent.objects.get().request_data == {"unknown_fields": 1}
