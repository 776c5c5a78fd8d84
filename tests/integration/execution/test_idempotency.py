"""Idempotency-Key: a repeated request runs once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent, Delivery
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, MakeTodo, Serve

pytestmark = pytest.mark.django_db

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


class Amount(serializers.Serializer[Any]):
    """What a payment wants."""

    amount = serializers.IntegerField(min_value=1)


def url_of(todo: Todo, action: str = "mark_done") -> str:
    return f"/todos/{todo.pk}/actions/{action}/"


def post(client: APIClient, url: str, body: Any = None, key: str | None = KEY) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(url, body or {}, format="json", headers=headers)


def test_the_same_request_again_gets_the_same_response_and_is_not_run_again(
    api: APIClient, todo: Todo
) -> None:
    first = post(api, url_of(todo), {"note": "once"})
    Todo.objects.update(note="changed since")
    second = post(api, url_of(todo), {"note": "once"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    assert second["Action-Event"] == first["Action-Event"]
    assert (first.headers.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (
        None,
        "true",
    )
    assert (ActionEvent.objects.count(), Delivery.objects.count()) == (1, 1)
    assert Todo.objects.get().note == "changed since"


def test_the_order_of_the_keys_of_a_body_makes_no_difference(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare()
    serve()
    url = f"/things/{todo.pk}/actions/poke/"
    post(api, url, {"a": 1, "b": {"c": 1, "d": 2}})

    assert post(api, url, {"b": {"d": 2, "c": 1}, "a": 1})["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("body", [{"note": "other"}, {}, {"note": "once", "more": 1}])
def test_another_body_under_the_same_key_is_refused(api: APIClient, todo: Todo, body: Any) -> None:
    post(api, url_of(todo), {"note": "once"})
    second = post(api, url_of(todo), body)

    assert second.status_code == 422
    assert "different body or object" in second.json()["detail"]
    assert ActionEvent.objects.succeeded().count() == 1


def test_another_object_under_the_same_key_is_refused(api: APIClient, make_todo: MakeTodo) -> None:
    post(api, url_of(make_todo()))

    assert post(api, url_of(make_todo())).status_code == 422


def test_another_person_or_action_may_use_the_same_key(
    client_of: ClientOf, ann: User, bob: User, make_todo: MakeTodo, serve: Serve, declare: Declare
) -> None:
    declare()
    serve()
    url = f"/things/{make_todo().pk}/actions"
    declare(name="prod")
    serve()

    statuses = [
        post(client_of(ann), f"{url}/poke/").status_code,
        post(client_of(bob), f"{url}/poke/").status_code,
        post(client_of(ann), f"{url}/prod/").status_code,
    ]
    assert statuses == [200] * 3
    assert ActionEvent.objects.count() == 3


def test_without_a_key_each_request_is_run(api: APIClient, todo: Todo) -> None:
    for _ in range(2):
        assert post(api, url_of(todo), key=None).status_code == 200

    assert ActionEvent.objects.count() == 2


def test_a_request_that_failed_may_be_sent_again(api: APIClient, todo: Todo) -> None:
    Todo.objects.update(owner=User.objects.create_user("eve"))
    assert post(api, url_of(todo)).status_code == 403
    Todo.objects.update(owner=User.objects.get(username="ann"))

    assert post(api, url_of(todo)).status_code == 200


def test_an_object_that_the_action_deleted_is_no_hindrance(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    def perform(context: ActionContext, _data: Any) -> dict[str, Any]:
        context.object.delete()
        return {"gone": True}

    declare(perform, output=False)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    assert post(api, url).json() == {"gone": True}
    assert post(api, url).json() == {"gone": True}


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ü", '""', "a\tb"])
def test_a_key_that_is_none_is_refused(api: APIClient, todo: Todo, key: str) -> None:
    response = post(api, url_of(todo), key=key)

    assert response.status_code == 400
    assert list(response.json()) == ["Idempotency-Key"]
    assert not Todo.objects.get().done


def test_a_key_may_be_written_in_quotes(api: APIClient, todo: Todo) -> None:
    post(api, url_of(todo), key=f'"{KEY}"')

    assert ActionEvent.objects.get().idempotency_key == KEY
    assert post(api, url_of(todo))["Idempotent-Replayed"] == "true"


def test_files_count_by_name_and_size(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare()
    serve()

    def upload(name: str, content: bytes) -> int:
        body = {"file": SimpleUploadedFile(name, content)}
        url = f"/things/{todo.pk}/actions/poke/"
        headers = {"Idempotency-Key": KEY}
        return api.post(url, body, format="multipart", headers=headers).status_code

    assert [upload("a", b"1"), upload("a", b"1"), upload("b", b"1"), upload("a", b"12")] == [
        *(200, 200),
        *(422, 422),
    ]


def test_what_is_kept_of_the_body_gives_nothing_away(
    api: APIClient, todo: Todo, settings: Settings
) -> None:
    post(api, url_of(todo), {"note": "1234"})
    fingerprint = ActionEvent.objects.get().fingerprint
    assert len(fingerprint) == 64
    ActionEvent.objects.all().delete()
    settings.SECRET_KEY = "of another project"
    post(api, url_of(todo), {"note": "1234"})

    assert ActionEvent.objects.get().fingerprint != fingerprint


def test_a_response_that_was_too_large_to_keep_is_not_made_up(
    api: APIClient, todo: Todo, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_STORED_BYTES": 20}
    assert post(api, url_of(todo)).status_code == 200
    again = post(api, url_of(todo))

    assert (again.status_code, "not stored" in again.json()["detail"]) == (409, True)
    assert ActionEvent.objects.succeeded().count() == 1


def test_from_code_a_key_works_the_same(todo: Todo, ann: User) -> None:
    first = MarkDone.run(actor=ann, object=todo, idempotency_key=KEY)
    second = MarkDone.run(actor=ann, object=todo, idempotency_key=KEY)

    assert (first.is_replay, second.is_replay) == (False, True)
    assert second.body == first.body
    assert second.event == first.event


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_running_the_second_is_refused(
    client_of: ClientOf,
    ann: User,
    todo: Todo,
    serve: Serve,
    declare: Declare,
    in_thread: InThread[Any],
) -> None:
    in_perform, may_end = threading.Event(), threading.Event()

    def perform(_context: ActionContext, _data: Any) -> None:
        in_perform.set()
        assert may_end.wait(30)

    declare(perform)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    with ThreadPoolExecutor(max_workers=1) as executor:
        first = executor.submit(in_thread, lambda: post(client_of(ann), url))
        assert in_perform.wait(30)
        second = post(client_of(ann), url)
        may_end.set()

    assert second.status_code == 409
    assert first.result().status_code == 200
    assert post(client_of(ann), url)["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_of_racing_duplicates_one_runs(
    client_of: ClientOf, ann: User, todo: Todo, serve: Serve, declare: Declare
) -> None:
    runs: list[int] = []
    declare(lambda _context, _data: runs.append(1))
    serve()
    url = f"/things/{todo.pk}/actions/poke/"
    start = threading.Barrier(8)

    def send(_: int) -> tuple[int, str | None]:
        try:
            start.wait(30)
            response = post(client_of(ann), url)
            return response.status_code, response.headers.get("Idempotent-Replayed")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=8) as executor:
        answers = list(executor.map(send, range(8)))

    assert len(runs) == 1
    assert answers.count((200, None)) == 1
    assert set(answers) <= {(200, None), (200, "true"), (409, None)}
    assert ActionEvent.objects.succeeded().count() == 1


def test_the_database_itself_refuses_a_second_event_of_one_key(api: APIClient, todo: Todo) -> None:
    post(api, url_of(todo))
    event = ActionEvent.objects.get()
    for actor in (event.actor_id, None):
        twin = {"resource": "todo", "action": "mark_done", "idempotency_key": KEY}
        if actor is None:
            ActionEvent.objects.create(**twin)
        with pytest.raises(IntegrityError), transaction.atomic():
            ActionEvent.objects.create(actor_id=actor, **twin)
