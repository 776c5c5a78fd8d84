"""Failures are recorded after everything else is rolled back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import ActionEvent, Delivery
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve

pytestmark = pytest.mark.django_db

A_NUMBER = {"type": "object", "properties": {"a": {"type": "integer"}}}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def url_of(todo: Todo, action: str = "mark_done") -> str:
    return f"/todos/{todo.pk}/actions/{action}/"


def crash(context: ActionContext, _data: Any) -> None:
    """Write, then fail for no good reason."""
    context.object.done = True
    context.object.save()
    raise ZeroDivisionError("with a secret in its text")


def record_only(settings: Settings, which: str) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "RECORD_FAILURES": which}


def test_a_refusal_is_recorded_with_who_what_and_why(
    client_of: ClientOf, bob: User, todo: Todo
) -> None:
    body = {"note": "mine"}
    headers = {"traceparent": TRACE}
    response = client_of(bob).post(url_of(todo), body, format="json", headers=headers)

    event = ActionEvent.objects.get()
    assert (event.status_code, event.succeeded) == (403, False)
    assert (event.resource, event.action, event.object_id) == ("todo", "mark_done", str(todo.pk))
    assert (event.actor_id, event.actor_label) == (str(bob.pk), "bob")
    assert event.request_data == body
    assert event.response_data == response.json()
    assert event.traceparent == TRACE
    assert event.duration_ms > 0
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/todos/{pk}/actions/mark_done/", {"note": {}}, 400),
        ("/todos/999999/actions/mark_done/", {}, 404),
        ("/todos/x/actions/mark_done/", {}, 404),
        ("/todos/actions/bulk_mark_done/", {"ids": ["x"]}, 400),
        ("/todos/actions/bulk_mark_done/", {"ids": [999999]}, 404),
        ("/todos/{pk}/actions/mark_done/", [1, 2], 400),
        ("/todos/{pk}/actions/mark_done/", None, 400),
    ],
)
def test_each_kind_of_bad_request_is_recorded(
    api: APIClient, todo: Todo, path: str, body: Any, status: int
) -> None:
    url = path.format(pk=todo.pk)
    response = api.generic("POST", url, json.dumps(body), content_type="application/json")

    assert response.status_code == status
    event = ActionEvent.objects.get()
    assert event.status_code == status
    assert event.request_data == ({} if body is None else body)


@pytest.mark.parametrize("body", ["{", "\xff", '{"a": 1e999}', '{"note": "\\u0000"}'])
def test_a_body_that_cannot_be_stored_is_no_hindrance(
    api: APIClient, todo: Todo, body: str
) -> None:
    response = api.generic("POST", url_of(todo), body, content_type="application/json")

    assert ActionEvent.objects.get().status_code == response.status_code == 400


def test_what_an_anonymous_client_tries_is_not_recorded(client_of: ClientOf, todo: Todo) -> None:
    """Anyone who finds the URL could fill the table."""
    assert client_of(None).post(url_of(todo)).status_code == 401
    assert not ActionEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic_requests", [True, False])
def test_a_crash_is_recorded_after_the_rollback_by_its_kind_alone(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    atomic_requests: bool,
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", atomic_requests)
    declare(crash)
    serve()

    assert api.post(f"/things/{todo.pk}/actions/poke/").status_code == 500
    event = ActionEvent.objects.get()
    assert (event.status_code, event.response_data) == (500, {"detail": "ZeroDivisionError"})
    todo.refresh_from_db()
    assert not todo.done
    assert not Delivery.objects.exists()


def test_a_failure_at_the_database_is_recorded(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    def perform(*_: Any) -> None:
        Todo.objects.bulk_create([Todo(title="x")])

    declare(perform)
    serve()

    assert api.post(f"/things/{todo.pk}/actions/poke/").status_code == 500
    assert ActionEvent.objects.get().response_data == {"detail": "IntegrityError"}


def test_reading_about_an_action_is_no_action(client_of: ClientOf, todo: Todo) -> None:
    client = client_of(None)
    client.get(url_of(todo))
    client.get("/todos/actions/list/")
    client.post("/todos/", {})
    client.post(f"/todos/{todo.pk}/actions/mark_dnoe/")

    assert not ActionEvent.objects.exists()


def test_what_is_too_large_is_not_let_in_by_the_back_door(api: APIClient, todo: Todo) -> None:
    assert api.post(url_of(todo), {"note": "x" * 2_000_000}, format="json").status_code == 413
    assert not ActionEvent.objects.exists()


# From code


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (ValidationError({"note": ["No."]}), 400, {"note": ["No."]}),
        (PermissionDenied("No."), 403, {"detail": "No."}),
        (IntegrityError("secret"), 500, {"detail": "IntegrityError"}),
    ],
)
def test_from_code_it_is_recorded_too(
    declare: Declare, ann: User, todo: Todo, error: Exception, status: int, body: Any
) -> None:
    def perform(*_: Any) -> None:
        raise error

    with pytest.raises(type(error)):
        declare(perform, input=A_NUMBER).run(actor=ann, object=todo, data={"a": 1})

    event = ActionEvent.objects.get()
    assert (event.status_code, event.response_data) == (status, body)
    assert (event.object_id, event.actor_label, event.request_data) == (
        str(todo.pk),
        "ann",
        {"a": 1},
    )


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_that_is_lost_the_record_is_lost_with_it(
    declare: Declare, todo: Todo
) -> None:
    action = declare(crash)

    def both() -> None:
        with transaction.atomic():
            action.run(object=todo)

    with pytest.raises(ZeroDivisionError):
        both()
    assert not ActionEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_that_is_kept_the_record_is_kept_with_it(
    declare: Declare, todo: Todo
) -> None:
    action = declare(crash)
    with transaction.atomic(), pytest.raises(ZeroDivisionError):
        action.run(object=todo)

    todo.refresh_from_db()
    assert (ActionEvent.objects.get().status_code, todo.done) == (500, False)


# What the settings require


def test_faults_of_the_server_only(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    record_only(settings, "server")
    declare(crash)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"
    api.generic("POST", url, "[]", content_type="application/json")
    api.post(url)

    assert [event.status_code for event in ActionEvent.objects.all()] == [500]


def test_none(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    record_only(settings, "none")
    declare(crash)
    serve()
    assert api.post(f"/things/{todo.pk}/actions/poke/").status_code == 500

    assert not ActionEvent.objects.exists()


def test_another_word_is_refused(todo: Todo, settings: Settings) -> None:
    record_only(settings, "some")
    with pytest.raises(InvalidSetting, match=r"one of 'all', 'server', 'none', not 'some'"):
        MarkDone.run(object=todo)


def test_a_name_longer_than_its_column_is_cut(
    declare: Declare, todo: Todo, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A user model whose names are longer than a record's column.
    monkeypatch.setattr(User, "get_username", lambda _self: "x" * 300)
    with pytest.raises(ZeroDivisionError):
        declare(crash).run(actor=ann, object=todo)
    declare(name="fine").run(actor=ann, object=todo)

    assert {event.actor_label for event in ActionEvent.objects.all()} == {"x" * 255}


def test_that_the_failure_cannot_be_recorded_does_not_hide_it(
    declare: Declare, todo: Todo, caplog: pytest.LogCaptureFixture
) -> None:
    action = declare(crash)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dj_actions_actionevent RENAME TO away")
    with pytest.raises(ZeroDivisionError):
        action.run(object=todo)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO dj_actions_actionevent")

    assert "The failure of todo.poke could not be recorded" in caplog.text
    assert not ActionEvent.objects.exists()


def test_a_bulk_failure_names_what_was_requested(declare: Declare, make_todo: MakeTodo) -> None:
    def perform(*_: Any) -> None:
        raise ZeroDivisionError

    todos = [make_todo(), make_todo()]
    with pytest.raises(ZeroDivisionError):
        declare(perform, bulk=True).run(objects=todos)

    event = ActionEvent.objects.get()
    assert (event.object_id, event.object_ids) == (None, [str(todo.pk) for todo in todos])
