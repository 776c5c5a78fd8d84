"""Running actions from code, in one transaction with the record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from rest_framework import serializers
from rest_framework.exceptions import (
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.permissions import BasePermission

from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent
from dj_actions.testing import assert_recorded
from example.todos.actions import BulkMarkDone, MarkDone
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo
from tests.integration.execution.finishing import assert_untouched

pytestmark = pytest.mark.django_db


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
