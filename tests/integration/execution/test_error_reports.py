"""Values of sensitive fields are not in Django's error reports, nor on the admin's page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils.log import AdminEmailHandler
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.test import APIClient

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.machine_tokens.queries import MachineTokenQuerySet
from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.fixtures.calls import url_of
from tests.fixtures.machine_tokens import MakeToken, client_with

pytestmark = pytest.mark.django_db

SECRET, PLAIN = "pin-4711", "plain-4712"
JSON_SCHEMA = {
    "type": "object",
    "properties": {"pin": {"type": "string"}, "note": {"type": "string"}},
}


class PinSerializer(serializers.Serializer[Any]):
    """An input with a secret."""

    pin = serializers.CharField()
    note = serializers.CharField(max_length=20)


class PinForm(forms.Form):
    """The same as a form."""

    pin = forms.CharField()
    note = forms.CharField(max_length=20)


def crash(_context: Any, data: Any) -> None:
    pin, other = data["pin"], data["note"]
    raise ZeroDivisionError(len(pin + other))


@pytest.fixture
def reports(settings: Settings, caplog: pytest.LogCaptureFixture) -> Any:
    """Return a function that returns the text and the page of each report that was sent."""
    settings.ADMINS = [("Ops", "ops@example.com")]
    settings.DEBUG = False
    handler = AdminEmailHandler(include_html=True)

    def reports() -> str:
        for record in caplog.records:
            if record.levelname == "ERROR":
                handler.emit(record)
        assert mail.outbox
        parts = [part for entry in mail.outbox for part in entry.message().walk()]
        texts = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
        return b"".join(text for text in texts if isinstance(text, bytes)).decode()

    return reports


@pytest.mark.parametrize("declared", [PinSerializer, PinForm, JSON_SCHEMA])
@pytest.mark.parametrize("kind", ["json", "multipart", "form"])
def test_a_report_about_a_request(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    reports: Any,
    declared: Any,
    kind: str,
) -> None:
    declare(crash, input=declared, sensitive=["pin"])
    serve()
    body: Any = {"pin": SECRET, "note": PLAIN}
    if kind == "form":
        text = f"pin={SECRET}&note={PLAIN}&Other.PIN={SECRET}"
        api.post(url_of(todo), text, content_type="application/x-www-form-urlencoded")
    else:
        api.post(url_of(todo), body, format=kind)

    assert SECRET not in (found := reports())
    assert (PLAIN in found) == (kind != "json")


def test_a_report_about_a_request_that_was_not_parsed_yet(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, reports: Any
) -> None:
    def get_queryset(_view: Any) -> Any:
        raise ZeroDivisionError

    declare(input=PinForm, sensitive=["pin"])
    serve(get_queryset=get_queryset)
    api.post(url_of(todo), {"pin": SECRET, "note": PLAIN}, format="multipart")

    assert SECRET not in reports()


def test_without_secrets_a_report_has_all(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, reports: Any
) -> None:
    declare(crash, input=PinForm)
    serve()
    api.post(url_of(todo), {"pin": SECRET, "note": PLAIN}, format="json")

    assert SECRET in reports()


def test_a_report_about_a_failed_authentication_has_no_machine_token(
    make_token: MakeToken, todo: Todo, reports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_rows: object) -> None:
        raise ZeroDivisionError

    secret = make_token("todo.*").secret
    monkeypatch.setattr(MachineTokenQuerySet, "with_state", fail)
    client_with(secret).post(f"/todos/{todo.pk}/actions/mark_done/")

    assert "ZeroDivisionError" in (found := reports())
    assert secret not in found


# The admin


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    client.force_login(admin)
    client.raise_request_exception = False
    return client


def run_in(browser: Client, todo: Todo, **fields: str) -> Any:
    chosen = {"action": "poke", "_selected_action": [todo.pk], CONFIRMED: "Run"}
    return browser.post("/admin/todos/todo/", {**chosen, **fields})


@pytest.mark.parametrize("declared", [PinSerializer, PinForm, JSON_SCHEMA])
def test_a_report_about_an_action_in_the_admin(
    browser: Client, declare: Declare, todo: Todo, reports: Any, declared: Any
) -> None:
    declare(crash, input=declared, sensitive=["pin"])
    data = json.dumps({"pin": SECRET, "note": PLAIN})
    run_in(browser, todo, pin=SECRET, note=PLAIN, data=data)

    assert SECRET not in reports()


@pytest.mark.parametrize("declared", [PinSerializer, PinForm])
def test_the_page_after_an_error_shows_all_but_the_secret(
    browser: Client, declare: Declare, todo: Todo, declared: Any
) -> None:
    declare(input=declared, sensitive=["pin"])
    page = run_in(browser, todo, pin=SECRET, note=PLAIN * 3).content.decode()

    assert PLAIN * 3 in page
    assert SECRET not in page


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (json.dumps({"pin": SECRET, "note": 7, "deep": [{"Pin": SECRET, "x": PLAIN}]}), True),
        (f'{{"pin": "{SECRET}", "note": "{PLAIN}"', False),
        (f'{{"note": "{PLAIN}"', True),
    ],
)
def test_the_text_area_after_an_error_shows_all_but_the_secret(
    browser: Client, declare: Declare, todo: Todo, text: str, kept: bool
) -> None:
    declare(input=JSON_SCHEMA, sensitive=["pin"])
    page = run_in(browser, todo, data=text).content.decode()

    assert (PLAIN in page) == kept
    assert SECRET not in page
