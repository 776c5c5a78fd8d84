"""Actions that run other actions, and actions run from async code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient
from pytest_django import Settings
from rest_framework.exceptions import PermissionDenied, ValidationError

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent, Delivery
from example.todos.actions import BulkMarkDone, HandOver, MarkDone
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo, Serve


def void(_result: object) -> None:
    """Ignore a result, so that an action returns its object."""


pytestmark = pytest.mark.django_db


def run_both(context: ActionContext, _data: Any) -> None:
    """Finish a todo, then hand it over."""
    context.run(MarkDone, object=context.object, data={"note": "first"})
    context.run(HandOver, object=context.object, data={"to": "bob"})


def test_the_events_of_the_parts_name_the_whole(
    declare: Declare, ann: User, bob: User, todo: Todo
) -> None:
    event = declare(run_both).run(actor=ann, object=todo).event

    parts = ActionEvent.objects.filter(parent=event).order_by("pk")
    assert [part.label for part in parts] == ["todo.mark_done", "todo.hand_over"]
    assert {part.actor_label for part in parts} == {"ann"}
    assert event.parent is None
    assert Delivery.objects.count() == 3
    todo.refresh_from_db()
    assert (todo.done, todo.owner) == (True, bob)


def test_parts_have_parts(declare: Declare, todo: Todo) -> None:
    inner = declare(lambda context, _: void(context.run(MarkDone, object=context.object)))
    outer = declare(
        lambda context, _: void(context.run(inner, object=context.object)), name="outer"
    )
    outer.run(object=todo)

    event = ActionEvent.objects.get(action="mark_done")
    assert event.parent is not None
    assert event.parent.parent is not None
    assert event.parent.parent.action == "outer"


def test_a_bulk_action_may_be_a_part(declare: Declare, make_todo: MakeTodo) -> None:
    todos = [make_todo(), make_todo()]
    declare(lambda context, _: void(context.run(BulkMarkDone, objects=todos))).run(object=todos[0])

    assert Todo.objects.filter(done=True).count() == 2


def test_when_the_whole_fails_nothing_of_the_parts_remains(
    declare: Declare, ann: User, bob: User, todo: Todo
) -> None:
    def perform(context: ActionContext, data: Any) -> None:
        run_both(context, data)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        declare(perform).run(actor=ann, object=todo)

    todo.refresh_from_db()
    assert (todo.done, todo.owner) == (False, ann)
    assert not Delivery.objects.exists()
    assert [event.action for event in ActionEvent.objects.all()] == ["poke"]


def test_a_part_that_failed_may_be_done_without(declare: Declare, ann: User, todo: Todo) -> None:
    def perform(context: ActionContext, _data: Any) -> None:
        with pytest.raises(ValidationError):
            context.run(HandOver, object=context.object, data={"to": "nobody"})
        context.run(MarkDone, object=context.object)

    declare(perform).run(actor=ann, object=todo)

    assert {event.action for event in ActionEvent.objects.all()} == {"poke", "mark_done"}


def test_the_actor_must_be_allowed_to_run_the_parts(
    declare: Declare, bob: User, todo: Todo
) -> None:
    with pytest.raises(PermissionDenied):
        declare(run_both).run(actor=bob, object=todo)


def test_where_events_are_not_tracked_a_whole_with_parts_is(
    declare: Declare, todo: Todo, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {"TRACK_ACTIONS": False}
    alone = declare(name="alone")
    assert not alone.run(object=todo).is_recorded
    assert not ActionEvent.objects.exists()

    declare(lambda context, _: void(context.run(alone, object=context.object))).run(object=todo)
    assert {event.action for event in ActionEvent.objects.all()} == {"poke", "alone"}


# Async


def in_event_loop(call: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run async code; close what the thread of its loop has opened."""

    async def run() -> None:
        try:
            await call()
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(run())


@pytest.mark.django_db(transaction=True)
def test_an_action_is_run_from_async_code(todo: Todo, ann: User) -> None:
    async def run() -> None:
        result = await MarkDone.arun(actor=ann, object=todo, data={"note": "async"})

        assert result.body == {"id": todo.pk}
        assert (await ActionEvent.objects.aget()).request_data == {"note": "async"}

    in_event_loop(run)


@pytest.mark.django_db(transaction=True)
def test_an_action_called_through_asgi_does_not_block_the_event_loop(
    declare: Declare, serve: Serve, todo: Todo
) -> None:
    in_perform, may_end = threading.Event(), threading.Event()

    def perform(context: ActionContext, _data: Any) -> None:
        in_perform.set()
        assert may_end.wait(30)
        context.object.done = True
        context.object.save()

    declare(perform)
    serve()

    async def run() -> None:
        request = asyncio.create_task(
            AsyncClient().post(
                f"/things/{todo.pk}/actions/poke/", {}, content_type="application/json"
            )
        )
        # The loop is free while the action waits on its own thread; were it not, this would hang.
        assert await asyncio.to_thread(in_perform.wait, 30)
        assert not request.done()
        may_end.set()
        response = await request

        assert (response.status_code, response.json()["done"]) == (200, True)
        assert await Delivery.objects.acount() == 1

    in_event_loop(run)
