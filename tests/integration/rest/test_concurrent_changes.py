"""A transaction that the database refuses because of another one can be repeated."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connections, transaction

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, Serve
from tests.fixtures.calls import BULK, url_of
from tests.fixtures.locks import wait_for_waiting_session

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TIMEOUT = 30


@pytest.fixture(params=["repeatable read", "serializable"])
def isolated(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the connections of other threads an isolation level."""
    from psycopg import IsolationLevel  # noqa: PLC0415 - not on SQLite

    level = IsolationLevel[request.param.replace(" ", "_").upper()]
    known = connections["default"].settings_dict
    monkeypatch.setitem(known, "OPTIONS", {**known["OPTIONS"], "isolation_level": level})


@pytest.mark.parametrize("is_bulk", [False, True])
def test_the_second_of_two_requests_may_be_sent_again(
    client_of: ClientOf,
    ann: User,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    in_thread: InThread[Any],
    isolated: None,
    is_bulk: bool,
) -> None:
    in_perform, may_end = threading.Event(), threading.Event()

    def perform(context: ActionContext, _data: Any) -> None:
        in_perform.set()
        assert may_end.wait(TIMEOUT)
        Todo.objects.filter(pk=context.objects[0].pk).update(note="changed")

    declare(perform, bulk=is_bulk)
    serve()
    url, body = (BULK, {"ids": [todo.pk]}) if is_bulk else (url_of(todo), {})

    def send() -> Any:
        return client_of(ann).post(url, body, format="json")

    with ThreadPoolExecutor(max_workers=2) as executor:
        first = executor.submit(in_thread, send)
        assert in_perform.wait(TIMEOUT)
        second = executor.submit(in_thread, send)
        wait_for_waiting_session()
        may_end.set()

    refused = second.result()
    assert (first.result().status_code, refused.status_code) == (200, 409)
    assert "Send it again" in refused.json()["detail"]
    assert [event.status_code for event in ActionEvent.objects.order_by("pk")] == [200, 409]
    assert send().status_code == 200


def test_a_lock_that_takes_too_long_is_no_fault_of_the_server(
    client_of: ClientOf,
    ann: User,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    in_thread: InThread[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    action = declare()
    serve()
    known = connections["default"].settings_dict
    monkeypatch.setitem(known, "OPTIONS", {**known["OPTIONS"], "options": "-c lock_timeout=50ms"})

    def run() -> None:
        action.run(actor=ann, object=todo)

    with transaction.atomic():
        Todo.objects.select_for_update().get(pk=todo.pk)
        answer = in_thread(lambda: client_of(ann).post(url_of(todo)))
        with pytest.raises(OperationalError):
            in_thread(run)

    assert (answer.status_code, "detail" in answer.json()) == (409, True)
    assert [event.status_code for event in ActionEvent.objects.all()] == [409, 409]
