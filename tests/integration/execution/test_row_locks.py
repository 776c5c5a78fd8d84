"""The objects of an action are locked while it runs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework import serializers

from dj_actions.action import Action
from dj_actions.context import ActionContext
from dj_actions.testing import assert_recorded
from example.todos.actions import BulkMarkDone, MarkDone
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, MakeTodo

pytestmark = pytest.mark.django_db


def try_to_lock(todo: Todo) -> bool:
    """Return whether the row can be locked without waiting."""
    with transaction.atomic():
        try:
            Todo.objects.select_for_update(nowait=True).get(pk=todo.pk)
        except OperationalError:
            return False
    return True


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_object_is_locked_while_the_action_runs(
    declare: Declare, todo: Todo, in_thread: InThread[Any]
) -> None:
    seen = []
    action = declare(lambda *_: seen.append(in_thread(lambda: try_to_lock(todo))))
    action.run(object=todo)

    assert seen == [False]
    assert in_thread(lambda: try_to_lock(todo))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_all_objects_of_a_bulk_action_are_locked_and_no_others(
    declare: Declare, make_todo: MakeTodo, in_thread: InThread[Any]
) -> None:
    todos = [make_todo() for _ in range(3)]
    seen: list[bool] = []

    def perform(*_: Any) -> None:
        seen.extend(in_thread(partial(try_to_lock, entry)) for entry in todos)

    declare(perform, bulk=True).run(objects=todos[:2])

    assert seen == [False, False, True]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bulk", [False, True])
def test_objects_are_locked_over_http(
    declare: Declare, todo: Todo, serve: Any, client_of: ClientOf, bulk: Any
) -> None:
    seen: list[bool] = []

    def perform(*_: Any) -> None:
        with ThreadPoolExecutor(1) as executor:
            seen.append(executor.submit(alone, partial(try_to_lock, todo)).result())

    declare(perform, bulk=bulk)
    serve(queryset=Todo.objects.distinct())
    url = "/things/actions/poke/" if bulk else f"/things/{todo.pk}/actions/poke/"
    response = client_of(None).post(url, {"ids": [todo.pk]}, format="json")

    assert (response.status_code, seen) == (200, [False])


def alone(call: Callable[[], Any]) -> Any:
    """Call, then close the connections of this thread."""
    try:
        return call()
    finally:
        connections.close_all()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_bulk_actions_that_share_objects_wait_for_each_other(make_todo: MakeTodo) -> None:
    todos = [make_todo() for _ in range(20)]
    start = threading.Barrier(2)

    def run(objects: list[Todo]) -> None:
        for _ in range(10):
            start.wait(timeout=30)
            BulkMarkDone.run(objects=objects)

    with ThreadPoolExecutor(2) as executor:
        runs = [executor.submit(alone, partial(run, order)) for order in (todos, todos[::-1])]
        for entry in runs:
            entry.result(timeout=60)

    assert_recorded(BulkMarkDone, times=20)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ordering", ["id", "-id"])
def test_bulk_requests_lock_in_one_order_whatever_their_ordering(
    declare: Declare, make_todo: MakeTodo, serve: Any, client_of: ClientOf, ordering: str
) -> None:
    """Filter backends may sort as the client says; locks must not follow."""

    class Sorting:
        def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
            return queryset.order_by(ordering)

    todos = [make_todo() for _ in range(3)]
    declare(bulk=True)
    serve(filter_backends=[Sorting])
    with CaptureQueriesContext(connection) as queries:
        response = client_of(None).post(
            "/things/actions/poke/", {"ids": [entry.pk for entry in todos]}, format="json"
        )
    (locking,) = [entry["sql"] for entry in queries if "FOR NO KEY UPDATE" in entry["sql"]]

    assert response.status_code == 200
    assert re.search(r'ORDER BY ("todos_todo"\."id"|1) ASC +FOR NO KEY UPDATE', locking)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_of_the_same_request_at_once_both_succeed_one_after_the_other(
    declare: Declare, todo: Todo
) -> None:
    def count(context: ActionContext, _data: dict[str, Any]) -> None:
        context.object.note += "x"
        context.object.save()

    action, start = declare(count), threading.Barrier(4)

    def run() -> None:
        start.wait(timeout=30)
        action.run(object=Todo(pk=todo.pk))

    with ThreadPoolExecutor(4) as executor:
        for entry in [executor.submit(alone, run) for _ in range(4)]:
            entry.result(timeout=60)

    todo.refresh_from_db()
    assert todo.note == "xxxx"
    assert_recorded(action, times=4)


@pytest.mark.parametrize("kind", [forms.Form, serializers.Serializer, None])
def test_any_kind_of_input_can_be_run_from_code(declare: Declare, todo: Todo, kind: Any) -> None:
    assert declare(input=kind).run(object=todo).event.request_data == {}


def test_an_action_without_publishers_is_recorded_all_the_same(
    declare: Declare, todo: Todo
) -> None:
    event = declare(publish=()).run(object=todo).event

    assert event.deliveries.count() == 0


def test_an_action_may_delete_its_object(declare: Declare, todo: Todo) -> None:
    pk = todo.pk
    action: type[Action] = declare(lambda context, _: context.object.delete(), output=False)
    event = action.run(object=todo).event

    assert (event.object_id, event.object_ids) == (str(pk), [str(pk)])
    assert not Todo.objects.exists()


class ReadsElsewhere:
    """Reads from a replica that knows nothing of what is not committed."""

    def db_for_read(self, _model: object, **_hints: object) -> str:
        return "replica"


def test_the_time_of_an_event_is_that_of_the_database_it_was_written_to(
    make_todo: MakeTodo, settings: Any
) -> None:
    todo = make_todo()
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    event = MarkDone.run(actor=todo.owner, object=todo, data={}).event

    assert abs(event.created_at - timezone.now()) < timedelta(minutes=1)


def test_a_dry_run_has_a_time_too(make_todo: MakeTodo) -> None:
    todo = make_todo()
    event = MarkDone.run(actor=todo.owner, object=todo, data={}, dry_run=True).event

    assert abs(event.created_at - timezone.now()) < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_async_code_may_read_when_it_happened(make_todo: MakeTodo) -> None:
    todo = make_todo()
    owner = todo.owner

    async def act() -> datetime:
        result = await MarkDone.arun(actor=owner, object=todo, data={})
        return result.event.created_at

    assert abs(async_to_sync(act)() - timezone.now()) < timedelta(minutes=1)
