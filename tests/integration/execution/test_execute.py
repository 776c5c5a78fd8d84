"""Running actions from code, in one transaction with the record."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.files.base import ContentFile
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import (
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.permissions import BasePermission

from dj_actions.action import Action
from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction, InvalidSetting, OutsideTransaction
from dj_actions.execution.call import ActionCall
from dj_actions.execution.invocation import CodeCaller
from dj_actions.execution.perform import Outcome
from dj_actions.execution.recording import record
from dj_actions.execution.run import Run
from dj_actions.models import ActionEvent, Delivery
from dj_actions.serialization import encode
from dj_actions.signals import action_recorded
from dj_actions.testing import assert_not_recorded, assert_recorded
from example.todos.actions import BulkMarkDone, HandOver, MarkDone, TooManyTodos
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, InThread, MakeTodo

pytestmark = pytest.mark.django_db


class ActionFailed(Exception):
    """Raised by an action."""


def assert_untouched(*todos: Todo) -> None:
    """Fail if an action has left a trace."""
    for todo in todos:
        before = Todo.objects.get(pk=todo.pk)
        assert (before.title, before.done, before.note) == ("Buy milk", False, "")
    assert (ActionEvent.objects.succeeded().count(), Delivery.objects.count()) == (0, 0)


def finish(context: ActionContext, _data: dict[str, Any]) -> None:
    """Write to the database."""
    todo: Todo = context.object
    todo.done = True
    todo.save()


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


# The same path as over HTTP


def test_run_changes_records_and_returns(ann: User, todo: Todo) -> None:
    result = MarkDone.run(actor=ann, object=todo, data={"note": "two"})

    assert Todo.objects.get().note == "two"
    assert result.event == assert_recorded(MarkDone, object=todo, actor=ann)
    assert result.value is todo
    assert result.body == {"id": todo.pk}


def test_run_records_what_http_records(ann: User, make_todo: MakeTodo, client_of: ClientOf) -> None:
    todo = make_todo()
    MarkDone.run(actor=ann, object=todo, data={"note": "two"})
    client_of(ann).post(f"/todos/{todo.pk}/actions/mark_done/", {"note": "two"}, format="json")
    own = ("id", "created_at", "duration_ms", "response_data")
    from_code, over_http = (
        {name: value for name, value in row.items() if name not in own}
        for row in ActionEvent.objects.values()
    )

    assert from_code == over_http


def test_run_queues_a_delivery_for_each_publisher(todo: Todo) -> None:
    event = MarkDone.run(object=todo).event

    assert [(entry.publisher, entry.state) for entry in event.deliveries.all()] == [
        ("memory", "pending")
    ]


def test_run_converts_and_validates_the_data(todo: Todo) -> None:
    with pytest.raises(ValidationError) as refused:
        MarkDone.run(object=todo, data={"note": "x" * 201})

    assert list(json.loads(json.dumps(refused.value.detail))) == ["note"]
    assert_untouched(todo)


@pytest.mark.parametrize("data", [[1], "x", 7])
def test_run_takes_no_data_but_an_object(todo: Todo, data: Any) -> None:
    with pytest.raises(ValidationError, match="Expected a dictionary"):
        MarkDone.run(object=todo, data=data)


def test_run_checks_the_actors_permissions(bob: User, todo: Todo) -> None:
    with pytest.raises(PermissionDenied, match="belongs to someone else"):
        MarkDone.run(actor=bob, object=todo)

    assert_untouched(todo)


def test_run_checks_each_object(ann: User, bob: User, make_todo: MakeTodo) -> None:
    mine, his = make_todo(), make_todo(owner=bob)

    with pytest.raises(PermissionDenied):
        BulkMarkDone.run(actor=ann, objects=[mine, his])
    assert_untouched(mine, his)


def test_run_requires_an_anonymous_actor_to_log_in(todo: Todo) -> None:
    with pytest.raises(NotAuthenticated):
        MarkDone.run(actor=AnonymousUser(), object=todo)


def test_run_lets_the_system_itself_do_everything(todo: Todo) -> None:
    event = MarkDone.run(object=todo).event

    assert (event.actor_id, event.actor_label) == (None, "")


def test_run_checks_permissions_for_the_row_as_it_is_now(ann: User, bob: User, todo: Todo) -> None:
    Todo.objects.update(owner=bob)

    with pytest.raises(PermissionDenied):
        MarkDone.run(actor=ann, object=todo)


def test_permissions_see_the_actor_on_request_and_view(
    declare: Declare, ann: User, todo: Todo
) -> None:
    seen = []

    class Curious(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            seen.append((request.user, view.request.user, request.method))
            return True

    declare(permissions=[Curious]).run(actor=ann, object=todo)

    assert seen == [(ann, ann, "POST")]


def test_permissions_can_be_combined(declare: Declare, bob: User, todo: Todo) -> None:
    class DenyAll(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return False

    class AllowAll(BasePermission):
        pass

    declare(permissions=[DenyAll | AllowAll]).run(actor=bob, object=todo)
    refused = declare(name="refused", permissions=[DenyAll & AllowAll])

    with pytest.raises(PermissionDenied):
        refused.run(actor=bob, object=todo)


def test_run_refreshes_the_object_in_place(declare: Declare, todo: Todo) -> None:
    Todo.objects.update(title="Buy wine")
    todo.title = "never saved"
    seen = []
    result = declare(lambda context, _: seen.append(context.object.title)).run(object=todo)

    assert seen == ["Buy wine"]
    assert todo.title == "Buy wine"
    assert result.value is todo


def test_run_keeps_the_order_of_objects_and_takes_each_once(make_todo: MakeTodo) -> None:
    first, second = make_todo(), make_todo()
    result = BulkMarkDone.run(objects=[second, first, second])

    assert [entry.pk for entry in result.value] == [second.pk, first.pk]
    assert result.event.object_ids == [str(second.pk), str(first.pk)]
    assert result.event.object_id is None


@pytest.mark.parametrize("pk", [None, 999_999])
def test_run_does_not_find_what_is_not_there(make_todo: MakeTodo, pk: int | None) -> None:
    there = make_todo()
    with pytest.raises(NotFound, match=f"todo {pk} does not exist"):
        MarkDone.run(object=Todo(pk=pk))
    with pytest.raises(NotFound, match=f"todo {pk} does not exist"):
        BulkMarkDone.run(objects=[there, Todo(pk=pk)])
    assert_untouched(there)


def test_run_refuses_an_object_of_another_model(ann: User, todo: Todo) -> None:
    with pytest.raises(InvalidAction, match=r"todo\..*User"):
        MarkDone.run(object=ann)
    with pytest.raises(InvalidAction, match=r"todo\..*User"):
        BulkMarkDone.run(objects=[todo, ann])
    assert_untouched(todo)


def test_run_renders_with_the_actions_own_output(declare: Declare, todo: Todo) -> None:
    class Short(serializers.Serializer[Any]):
        title = serializers.CharField()

    assert declare(output=Short).run(object=todo).body == {"title": "Buy milk"}


def test_run_returns_the_keys_of_a_bulk_action(make_todo: MakeTodo) -> None:
    todos = [make_todo(), make_todo()]

    assert BulkMarkDone.run(objects=todos).body == {
        "meta": {},
        "results": [{"id": entry.pk} for entry in todos],
    }


def test_serializers_of_the_input_see_who_acts_on_what(
    declare: Declare, ann: User, todo: Todo
) -> None:
    seen: list[dict[str, Any]] = []

    class Curious(serializers.Serializer[Any]):
        def validate(self, attrs: Any) -> Any:
            seen.append(dict(self.context))
            return attrs

    declare(input=Curious).run(actor=ann, object=todo)

    (context,) = seen
    # Serializers read the user of their request.
    assert context.pop("request").user == ann
    assert context == {"view": None, "actor": ann, "objects": (todo,)}


# Emissions


def test_what_is_emitted_is_recorded(declare: Declare, todo: Todo) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(summary="first", recipients=["user:1"], extra={"at": date(2026, 1, 2)})
        context.emit(
            summary="second", recipients=["user:1", "user:2"], extra={"n": Decimal("1.50")}
        )

    event = declare(perform).run(object=todo).event
    event.refresh_from_db()

    assert event.summary == "second"
    assert event.recipients == ["user:1", "user:2"]
    assert event.extra == {"at": "2026-01-02", "n": "1.50"}


def test_a_translated_summary_is_recorded_as_text(declare: Declare, todo: Todo) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(summary=gettext_lazy("done"))  # type: ignore[arg-type]  # as people do

    event = declare(perform).run(object=todo).event
    event.refresh_from_db()

    assert event.summary == "done"


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        (Decimal("1.10"), "1.10"),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ({7}, [7]),
        (frozenset({"a"}), ["a"]),
        ((1, 2), [1, 2]),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        (Colour.RED, "red"),
        (gettext_lazy("x"), "x"),
        (ContentFile(b"x", name="cat.png"), "cat.png"),
        (Todo(pk=7), 7),
        ({"deep": [Todo(pk=7)]}, {"deep": [7]}),
        (10**30, 10**30),
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_results_become_json(declare: Declare, todo: Todo, value: Any, recorded: Any) -> None:
    event = declare(lambda *_: {"value": value}, output=False).run(object=todo).event
    event.refresh_from_db()

    assert event.response_data == {"value": recorded}


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), b"bytes", object(), lambda: 1, {(1, 2): 3}, (n for n in "ab")],
    ids=lambda value: type(value).__name__,
)
def test_a_result_that_json_cannot_hold_is_rolled_back(
    declare: Declare, todo: Todo, value: Any
) -> None:
    def perform(context: ActionContext, data: dict[str, Any]) -> Any:
        finish(context, data)
        return {"value": value}

    with pytest.raises(InvalidAction, match="must be storable as JSON"):
        declare(perform, output=False).run(object=todo)
    assert_untouched(todo)


def test_a_result_that_holds_itself_is_rolled_back(declare: Declare, todo: Todo) -> None:
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(InvalidAction, match="must be storable as JSON"):
        declare(lambda *_: loop, output=False).run(object=todo)


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_a_result_that_the_database_cannot_hold_is_rolled_back(
    declare: Declare, todo: Todo, text: str
) -> None:
    with pytest.raises(InvalidAction, match="must be storable as JSON"):
        declare(lambda *_: {"value": text}, output=False).run(object=todo)
    assert_untouched(todo)


# Rollback


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


# Locks


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
