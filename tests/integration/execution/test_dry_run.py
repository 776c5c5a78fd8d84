"""?dry_run=1 returns the result and the planned deliveries, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent, Delivery
from dj_actions.signals import action_recorded
from example.todos.actions import HandOver, MarkDone
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve

pytestmark = pytest.mark.django_db


def url_of(todo: Todo, action: str = "mark_done", query: str = "?dry_run=1") -> str:
    return f"/todos/{todo.pk}/actions/{action}/{query}"


def assert_nothing_happened() -> None:
    assert not Todo.objects.filter(done=True).exists()
    assert (ActionEvent.objects.count(), Delivery.objects.count()) == (0, 0)


def test_it_responds_with_the_result_and_what_would_be_set_off(api: APIClient, todo: Todo) -> None:
    response = api.post(url_of(todo), {"note": "n"}, format="json")

    assert (response.status_code, response.json()) == (
        200,
        {
            "dry_run": True,
            "status": 200,
            "result": {
                "id": todo.pk,
                "title": "Buy milk",
                "note": "n",
                "done": True,
                "owner": "ann",
            },
            "deliveries": [{"action": "todo.mark_done", "publisher": "memory"}],
        },
    )
    assert "Action-Event" not in response
    assert_nothing_happened()


@pytest.mark.parametrize("value", ["1", "true", "YES", "on", ""])
def test_yes_can_be_said_in_several_ways(api: APIClient, todo: Todo, value: str) -> None:
    assert api.post(url_of(todo, query=f"?dry_run={value}")).json()["dry_run"]
    assert_nothing_happened()


@pytest.mark.parametrize("value", ["0", "false", "No", "off"])
def test_no_runs_the_action(api: APIClient, todo: Todo, value: str) -> None:
    assert api.post(url_of(todo, query=f"?dry_run={value}")).json()["done"] is True


def test_what_is_neither_does_nothing(api: APIClient, todo: Todo) -> None:
    response = api.post(url_of(todo, query="?dry_run=maybe"))

    assert response.status_code == 400
    assert response.json() == {"dry_run": ["'maybe' is not a valid boolean; use 1 or 0."]}
    todo.refresh_from_db()
    assert not todo.done
    assert ActionEvent.objects.get().status_code == 400


@pytest.mark.parametrize("name", ["dry-run", "dryRun", "DRY_RUN", "dryrun"])
def test_another_spelling_of_the_parameter_is_refused_instead_of_ignored(
    name: str, client_of: ClientOf, ann: User, todo: Todo
) -> None:
    response = client_of(ann).post(url_of(todo, query=f"?{name}=1"))
    assert response.status_code == 400
    assert response.json() == {name: ["There is no such parameter; use dry_run=1."]}
    todo.refresh_from_db()
    assert not todo.done


def test_permissions_are_checked(client_of: ClientOf, bob: User, todo: Todo) -> None:
    assert client_of(bob).post(url_of(todo)).status_code == 403
    assert_nothing_happened()


def test_the_input_is_validated(api: APIClient, todo: Todo) -> None:
    response = api.post(url_of(todo), {"note": "x" * 201}, format="json")

    assert (response.status_code, list(response.json())) == (400, ["note"])
    assert_nothing_happened()


def test_an_action_that_would_be_refused_is_refused(
    api: APIClient, make_todo: MakeTodo, bob: User
) -> None:
    for _ in range(3):
        make_todo(owner=bob)
    todo = make_todo()

    assert api.post(url_of(todo, "hand_over"), {"to": "bob"}, format="json").status_code == 409
    todo.refresh_from_db()
    assert todo.owner.username == "ann"
    assert_nothing_happened()


@pytest.mark.django_db(transaction=True)
def test_neither_signals_nor_hooks_after_the_commit_are_run(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    happened: list[str] = []

    def perform(_context: ActionContext, _data: Any) -> None:
        transaction.on_commit(lambda: happened.append("hook"))

    def receive(**_: Any) -> None:
        happened.append("signal")

    declare(perform)
    serve()
    action_recorded.connect(receive)
    try:
        assert api.post(f"/things/{todo.pk}/actions/poke/?dry_run=1").status_code == 200
        assert happened == []
        api.post(f"/things/{todo.pk}/actions/poke/")
    finally:
        action_recorded.disconnect(receive)
    assert happened == ["signal", "hook"]


def test_it_neither_reads_nor_uses_up_an_idempotency_key(api: APIClient, todo: Todo) -> None:
    headers = {"Idempotency-Key": "k"}
    assert api.post(url_of(todo), headers=headers).json()["dry_run"]
    assert api.post(url_of(todo, query=""), headers=headers).json()["done"] is True
    assert api.post(url_of(todo), headers=headers).json()["dry_run"]


def test_a_partial_action_reports_each_outcome(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(bulk=True, partial=True)
    serve()
    body = api.post(
        "/things/actions/poke/?dry_run=1", {"ids": [todo.pk, 999_999]}, format="json"
    ).json()

    assert body["status"] == 207
    assert [entry["status"] for entry in body["result"]["results"]] == [200, 404]


def test_actions_run_by_the_action_are_reported_and_rolled_back_too(
    declare: Declare, todo: Todo, bob: User
) -> None:
    def perform(context: ActionContext, _data: Any) -> None:
        assert context.dry_run
        context.run(MarkDone, object=context.object)
        context.run(HandOver, object=context.object, data={"to": "bob"})

    result = declare(perform).run(object=todo, dry_run=True)

    assert [(entry.action, entry.publisher) for entry in result.planned] == [
        ("todo.mark_done", "memory"),
        ("todo.hand_over", "memory"),
        ("todo.poke", "memory"),
    ]
    assert not result.is_recorded
    assert_nothing_happened()


@pytest.mark.parametrize("key", ["", "é", "x" * 256])
def test_a_malformed_key_is_refused_as_in_the_real_run(
    api: APIClient, todo: Todo, key: str
) -> None:
    headers = {"Idempotency-Key": key}
    dry, real = (api.post(url_of(todo, query=query), headers=headers) for query in ("?dry_run", ""))

    assert (dry.status_code, dry.json()) == (400, real.json())
    assert not Todo.objects.get().done
