"""What a machine token costs a request, and how its use is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, connections, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dj_actions.machine_tokens.queries import MachineTokenQuerySet
from dj_actions.models import ActionEvent, MachineToken
from dj_actions.operations import revoke_machine_token, rotate_machine_token
from example.todos.models import Todo
from tests.conftest import ClientOf, MakeTodo
from tests.fixtures.machine_tokens import Machine, MakeToken, client_with
from tests.integration.rest.todo_calls import url_of

pytestmark = pytest.mark.django_db


# Cost


def test_a_request_without_a_token_needs_no_statement_more(
    client_of: ClientOf, ann: User, todo: Todo
) -> None:
    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert client_of(ann).post(url_of(todo)).status_code == 200
        return [entry["sql"] for entry in captured]

    assert not any("machinetoken" in statement for statement in statements())


def test_a_token_is_read_with_its_owner_in_one_statement(make_token: MakeToken, todo: Todo) -> None:
    client = client_with(make_token("todo.*").secret)
    client.post(url_of(todo))
    with CaptureQueriesContext(connection) as captured:
        assert client.post(url_of(todo)).status_code == 200
    about = [entry["sql"] for entry in captured if "machinetoken" in entry["sql"]]

    assert [statement.split(maxsplit=1)[0] for statement in about] == ["SELECT"]
    assert not any('FROM "auth_user"' in entry["sql"] for entry in captured)


def test_the_last_use_is_written_at_most_once_a_minute(make_token: MakeToken, todo: Todo) -> None:
    new = make_token("todo.*")
    client = client_with(new.secret)
    assert new.token.last_used_at is None
    client.post(url_of(todo))
    first = MachineToken.objects.get().last_used_at
    client.post(url_of(todo))
    assert first is not None
    assert MachineToken.objects.get().last_used_at == first

    MachineToken.objects.update(last_used_at=Now() - timedelta(seconds=61))
    client.post(url_of(todo))
    last = MachineToken.objects.get().last_used_at
    assert last is not None
    assert last >= first


def test_a_refused_token_was_not_used(make_token: MakeToken, todo: Todo, ann: User) -> None:
    new = make_token("todo.*")
    revoke_machine_token("airflow", actor=ann, reason="a leak")
    client_with(new.secret).post(url_of(todo))

    assert MachineToken.objects.get().last_used_at is None


def test_a_use_that_cannot_be_written_is_no_reason_to_refuse(
    machine: Machine, todo: Todo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("permission denied")

    client = machine("todo.*")
    monkeypatch.setattr(MachineTokenQuerySet, "mark_used", fail)

    assert client.post(url_of(todo)).status_code == 200
    assert "could not be written: permission denied" in caplog.text


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_request_does_not_wait_for_one_that_writes_the_use(
    make_token: MakeToken, in_thread: Callable[[Callable[[], Any]], Any]
) -> None:
    token = make_token("todo.*").token
    with transaction.atomic():
        MachineToken.objects.mark_used(token.pk)
        in_thread(lambda: MachineToken.objects.mark_used(token.pk))
    assert MachineToken.objects.get().last_used_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_atomic", [False, True])
def test_many_requests_at_once(
    make_token: MakeToken,
    make_todo: MakeTodo,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    is_atomic: bool,
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", is_atomic)
    secret = make_token("todo.mark_done").secret
    urls = [url_of(make_todo()) for _ in range(8)]
    barrier = threading.Barrier(len(urls))

    def call(url: str) -> int:
        try:
            barrier.wait(30)
            return client_with(secret).post(url).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(urls)) as pool:
        assert list(pool.map(call, urls)) == [200] * len(urls)
    assert ActionEvent.objects.filter(resource="todo").count() == len(urls)
    assert MachineToken.objects.get().last_used_at is not None


# Keys


def test_after_a_rotation_a_request_can_be_repeated(
    make_token: MakeToken, todo: Todo, ann: User
) -> None:
    old = make_token("todo.*").secret
    key = {"Idempotency-Key": "dag/run/task/-1"}
    assert client_with(old).post(url_of(todo), headers=key).status_code == 200
    new = rotate_machine_token("airflow", overlap=3600, lifetime=None, actor=ann).secret
    again = client_with(new).post(url_of(todo), headers=key)

    assert again["Idempotent-Replayed"] == "true"
    assert client_with(old).post(url_of(todo)).status_code == 200
