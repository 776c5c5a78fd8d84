"""After an error nothing of an action remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from rest_framework import serializers
from rest_framework.exceptions import (
    ValidationError,
)

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction, InvalidSetting, OutsideTransaction
from dj_actions.execution.call import ActionCall
from dj_actions.execution.invocation import CodeCaller
from dj_actions.execution.perform import Outcome
from dj_actions.execution.recording import record
from dj_actions.execution.run import Run
from dj_actions.models import ActionEvent
from dj_actions.serialization import encode
from dj_actions.signals import action_recorded
from dj_actions.testing import assert_not_recorded, assert_recorded
from example.todos.actions import HandOver, MarkDone, TooManyTodos
from example.todos.models import Todo
from tests.conftest import Declare, InThread, MakeTodo
from tests.integration.execution.finishing import assert_untouched, finish

pytestmark = pytest.mark.django_db


class ActionFailed(Exception):
    """Raised by an action."""


@pytest.fixture
def on_recorded() -> Iterator[Callable[[Callable[..., Any]], None]]:
    """Return a function that connects a receiver until the test ends."""
    receivers: list[Callable[..., Any]] = []

    def connect(receiver: Callable[..., Any]) -> None:
        action_recorded.connect(receiver)
        receivers.append(receiver)

    yield connect
    for receiver in receivers:
        action_recorded.disconnect(receiver)


def failing(kind: type[Exception] = ActionFailed) -> Callable[..., Any]:
    def perform(context: ActionContext, data: dict[str, Any]) -> None:
        finish(context, data)
        raise kind("no")

    return perform


@pytest.mark.parametrize("kind", [ActionFailed, ValidationError, DjangoValidationError, SystemExit])
def test_when_perform_raises_all_is_rolled_back(
    declare: Declare, todo: Todo, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        declare(failing(kind)).run(object=todo)
    assert_untouched(todo)


def test_when_the_response_cannot_be_rendered_all_is_rolled_back(
    declare: Declare, todo: Todo
) -> None:
    class Broken(serializers.Serializer[Any]):
        def to_representation(self, instance: Any) -> Any:
            raise ActionFailed

    with pytest.raises(ActionFailed):
        declare(finish, output=Broken).run(object=todo)
    assert_untouched(todo)


def test_when_the_record_cannot_be_written_all_is_rolled_back(declare: Declare, todo: Todo) -> None:
    with pytest.raises(InvalidSetting, match="'nowhere'"):
        declare(finish, publish=("nowhere",)).run(object=todo)
    assert_untouched(todo)


@pytest.mark.parametrize("extra", [{"x": object()}, {"x": float("nan")}, {"x": b"x"}])
def test_when_what_was_emitted_cannot_be_stored_all_is_rolled_back(
    declare: Declare, todo: Todo, extra: dict[str, Any]
) -> None:
    def perform(context: ActionContext, data: dict[str, Any]) -> None:
        finish(context, data)
        context.emit(extra=extra)

    with pytest.raises(InvalidAction):
        declare(perform).run(object=todo)
    assert_untouched(todo)


def test_when_a_receiver_raises_all_is_rolled_back(
    declare: Declare, todo: Todo, on_recorded: Callable[..., None]
) -> None:
    def receiver(**_: Any) -> None:
        raise ActionFailed

    on_recorded(receiver)
    with pytest.raises(ActionFailed):
        declare(finish).run(object=todo)
    assert_untouched(todo)


def test_a_receiver_sees_the_event_as_it_is_stored(
    declare: Declare, todo: Todo, on_recorded: Callable[..., None]
) -> None:
    seen: list[ActionEvent] = []

    def receiver(event: ActionEvent, **_: Any) -> None:
        assert event.deliveries.count() == 1
        assert isinstance(event.created_at, datetime)
        seen.append(event)

    on_recorded(receiver)
    result = declare(finish).run(object=todo)

    assert seen == [result.event]


def test_a_surrounding_transaction_takes_the_event_back(todo: Todo) -> None:
    with transaction.atomic():
        MarkDone.run(object=todo)
        transaction.set_rollback(True)
    assert_untouched(todo)


def test_a_refusal_leaves_the_surrounding_transaction_usable(
    bob: User, make_todo: MakeTodo
) -> None:
    for _ in range(3):
        make_todo(owner=bob)
    todo = make_todo()
    with transaction.atomic():
        with pytest.raises(TooManyTodos):
            HandOver.run(object=todo, data={"to": "bob"})
        Todo.objects.filter(pk=todo.pk).update(note="kept")

    todo.refresh_from_db()
    assert (todo.owner.username, todo.note) == ("ann", "kept")
    assert_not_recorded(HandOver)


def test_one_action_can_run_another(declare: Declare, todo: Todo) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        MarkDone.run(object=context.object)

    declare(perform).run(object=todo)

    assert_recorded("todo.poke", object=todo)
    assert_recorded(MarkDone, object=todo)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction(todo: Todo) -> None:
    definition = MarkDone.definition
    caller = CodeCaller(definition=definition, user=None, given=[todo])
    run = Run.of(ActionCall(definition=definition, user=None, data={}, caller=caller))
    context = ActionContext(actor=None, objects=(todo,))

    with pytest.raises(OutsideTransaction, match=r"todo\.mark_done.*transaction\.atomic"):
        record(run, context, encode({}), Outcome(value=None, body=encode(None)))
    assert_untouched(todo)


@pytest.mark.django_db(transaction=True)
def test_what_was_done_before_a_failure_is_not_seen(
    declare: Declare, todo: Todo, in_thread: InThread[Any]
) -> None:
    with pytest.raises(ActionFailed):
        declare(failing()).run(object=todo)

    in_thread(lambda: assert_untouched(todo))
