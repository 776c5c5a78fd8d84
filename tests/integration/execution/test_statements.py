"""The SQL statements of one action, pinned so that none is added by accident."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo, Serve

pytestmark = [pytest.mark.django_db(transaction=True)]

TABLES = {
    "todos_todo": "todo",
    "dj_actions_actionevent": "event",
    "dj_actions_delivery": "deliveries",
}
READ, CHANGE = "SELECT todo", "UPDATE todo"


def record() -> list[str]:
    """Return what writes the event and its deliveries."""
    if connection.vendor == "postgresql":
        return ["INSERT event and deliveries"]
    return ["INSERT event", "INSERT deliveries"]


def statements(call: Any) -> list[str]:
    """Return what is sent to the database, each statement as its verb and its table."""
    with CaptureQueriesContext(connection) as captured:
        assert call().status_code in {200, 207}
    return [_named(entry["sql"]) for entry in captured]


def _named(statement: str) -> str:
    if "pg_try_advisory_xact_lock" in statement:
        return "LOCK key"
    if statement.startswith("WITH event AS (INSERT"):
        return "INSERT event and deliveries"
    verb = statement.split(maxsplit=1)[0].rstrip(";")
    table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', statement)
    return f"{verb} {TABLES[table[1]]}" if table else verb


@pytest.fixture
def url(declare: Declare, serve: Serve, todo: Todo) -> str:
    def perform(context: Any, _data: Any) -> None:
        context.object.done = True
        context.object.save(update_fields=["done"])

    declare(perform, publish=["memory"])
    serve(queryset=Todo.objects.select_related("owner"))
    return f"/things/{todo.pk}/actions/poke/"


def test_an_action_on_one_object(api: APIClient, url: str) -> None:
    # The object is read and locked at once; the event and all its deliveries are written at
    # once. The transaction is what holds the promise.
    assert statements(lambda: api.post(url)) == ["BEGIN", READ, CHANGE, *record(), "COMMIT"]


def test_a_request_with_an_idempotency_key(api: APIClient, url: str) -> None:
    # The lock rejects a duplicate with 409 while this request runs; the event identifies one
    # that arrives later.
    keyed = ["LOCK key"] if connection.vendor == "postgresql" else []
    look = [*keyed, "SELECT event"]
    headers = {"Idempotency-Key": "k"}

    first = statements(lambda: api.post(url, headers=headers))
    again = statements(lambda: api.post(url, headers=headers))
    assert first == ["BEGIN", *look, READ, CHANGE, *record(), "COMMIT"]
    # The caller may have lost its access to the object since.
    assert again == ["BEGIN", *look, READ, "COMMIT"]


@pytest.mark.parametrize("count", [1, 40])
def test_a_bulk_action_on_any_number_of_objects(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo, count: int
) -> None:
    declare(bulk=True, publish=["memory"])
    serve(queryset=Todo.objects.select_related("owner"))
    body = {"ids": [make_todo().pk for _ in range(count)]}

    assert statements(lambda: api.post("/things/actions/poke/", body, format="json")) == [
        *("BEGIN", READ),
        *record(),
        "COMMIT",
    ]


def test_a_partial_one_has_a_savepoint_for_each_object(
    api: APIClient, declare: Declare, serve: Serve, make_todo: MakeTodo
) -> None:
    declare(bulk=True, partial=True, publish=["memory"])
    serve(queryset=Todo.objects.select_related("owner"))
    body = {"ids": [make_todo().pk for _ in range(3)]}
    # Broken references come to light at the object that has them, not at the end.
    checks = ["SET", "SET"] if connection.vendor == "postgresql" else ["PRAGMA"]
    one = ["SAVEPOINT", *checks, "RELEASE"]

    assert statements(lambda: api.post("/things/actions/poke/", body, format="json")) == [
        *("BEGIN", READ),
        *one * 3,
        *record(),
        "COMMIT",
    ]
