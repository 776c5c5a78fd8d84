"""Bulk actions: all or nothing by default, or one outcome per object."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, connection
from django.db.models import QuerySet
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent, Delivery
from example.todos.actions import IsOwner
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve

pytestmark = pytest.mark.django_db

URL = "/things/actions/poke/"


class Taken(APIException):
    """Another request was faster."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "Another request was faster."
    default_code = "taken"


def finish(context: ActionContext, _data: dict[str, Any]) -> None:
    """Finish the one object; some refuse, after they have been changed."""
    todo: Todo = context.object
    todo.done = True
    todo.save()
    context.emit(summary=f"finished {todo.pk}", recipients=[f"user:{todo.pk}"])
    context.meta["last"] = todo.pk
    errors: dict[str, Exception] = {
        "taken": Taken(),
        "invalid": ValidationError({"note": ["Too short."]}),
        "crash": ZeroDivisionError("secret"),
        "database": IntegrityError("secret"),
        "gone": Http404("No such thing."),
        "down": OperationalError("server closed the connection"),
    }
    if todo.title in errors:
        raise errors[todo.title]


@pytest.fixture
def partial(declare: Declare, serve: Serve) -> None:
    declare(finish, bulk=True, partial=True, permissions=[IsOwner])
    serve()


def post(client: APIClient, *ids: Any, **body: Any) -> Any:
    return client.post(URL, {"ids": list(ids), **body}, format="json")


def test_each_object_has_its_outcome_in_the_order_of_the_request(
    api: APIClient, partial: None, make_todo: MakeTodo, bob: User
) -> None:
    good, other = make_todo(), make_todo("fine")
    taken, invalid, foreign = make_todo("taken"), make_todo("invalid"), make_todo(owner=bob)
    response = post(api, other.pk, taken.pk, 999_999, foreign.pk, invalid.pk, good.pk)

    assert response.status_code == 207
    body = response.json()
    assert body["meta"] == {"succeeded": 2, "failed": 4, "last": good.pk}
    assert [(entry["id"], entry["status"], entry["ok"]) for entry in body["results"]] == [
        (other.pk, 200, True),
        (taken.pk, 409, False),
        (999_999, 404, False),
        (foreign.pk, 403, False),
        (invalid.pk, 400, False),
        (good.pk, 200, True),
    ]
    assert body["results"][0]["result"]["done"] is True
    assert body["results"][1]["error"] == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Another request was faster.",
        "code": "taken",
    }
    assert body["results"][4]["error"]["errors"] == [
        {"pointer": "#/note", "detail": "Too short.", "code": "invalid"}
    ]
    done = set(Todo.objects.filter(done=True).values_list("pk", flat=True))
    assert done == {good.pk, other.pk}


def test_the_event_is_about_the_survivors(
    api: APIClient, partial: None, make_todo: MakeTodo
) -> None:
    first, taken, second = make_todo(), make_todo("taken"), make_todo()
    response = post(api, first.pk, taken.pk, second.pk)

    event = ActionEvent.objects.get()
    assert event.object_ids == [str(first.pk), str(second.pk)]
    assert (event.status_code, event.response_data) == (207, response.json())
    assert event.recipients == [f"user:{first.pk}", f"user:{second.pk}"]
    assert event.summary == f"finished {second.pk}"
    assert Delivery.objects.count() == 1


def test_when_none_survives_nothing_is_set_off(
    api: APIClient, partial: None, make_todo: MakeTodo
) -> None:
    response = post(api, make_todo("taken").pk)

    assert response.json()["meta"] == {"succeeded": 0, "failed": 1}
    assert (ActionEvent.objects.get().object_ids, Delivery.objects.count()) == ([], 0)


@pytest.mark.parametrize("title", ["crash", "database"])
def test_a_crash_of_one_is_reported_without_its_reason(
    api: APIClient, partial: None, make_todo: MakeTodo, title: str
) -> None:
    bad, good = make_todo(title), make_todo()
    results = post(api, bad.pk, good.pk).json()["results"]

    assert [entry["status"] for entry in results] == [500, 200]
    assert "secret" not in str(results)


def test_when_the_database_fails_nothing_is_kept(
    api: APIClient, partial: None, make_todo: MakeTodo
) -> None:
    assert post(api, make_todo().pk, make_todo("down").pk).status_code == 500
    assert not Todo.objects.filter(done=True).exists()


@pytest.mark.django_db(transaction=True)
def test_survivors_are_kept_under_atomic_requests(
    api: APIClient,
    partial: None,
    make_todo: MakeTodo,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", 1)
    good = make_todo()

    assert post(api, make_todo("taken").pk, good.pk).status_code == 207
    assert Todo.objects.get(done=True) == good
    assert Delivery.objects.count() == 1


def test_from_code_it_works_the_same(
    declare: Declare, make_todo: MakeTodo, ann: User, bob: User
) -> None:
    action = declare(finish, bulk=True, partial=True, permissions=[IsOwner])
    good, foreign, gone = make_todo(), make_todo(owner=bob), make_todo()
    Todo.objects.filter(pk=gone.pk).delete()
    result = action.run(actor=ann, objects=[foreign, gone, good])

    assert [entry["status"] for entry in result.body["results"]] == [403, 404, 200]
    assert (result.status_code, [entry.pk for entry in result.objects]) == (207, [good.pk])


def test_one_input_serves_each_object_afresh(
    declare: Declare, serve: Serve, api: APIClient, make_todo: MakeTodo
) -> None:
    seen: list[dict[str, Any]] = []

    def perform(_context: ActionContext, data: dict[str, Any]) -> None:
        seen.append(dict(data))
        data.clear()

    declare(
        perform,
        bulk=True,
        partial=True,
        input={"type": "object", "properties": {"note": {"type": "string"}}},
    )
    serve()
    post(api, make_todo().pk, make_todo().pk, note="n")

    assert [entry["note"] for entry in seen] == ["n", "n"]


def test_an_object_that_was_deleted_is_recorded_by_its_key(
    declare: Declare, serve: Serve, api: APIClient, todo: Todo
) -> None:
    def perform(context: ActionContext, _data: Any) -> dict[str, Any]:
        context.object.delete()
        return {}

    declare(perform, bulk=True, partial=True, output=False)
    serve()
    key = todo.pk
    post(api, key)

    assert ActionEvent.objects.get().object_ids == [str(key)]


# All or nothing


def test_by_default_one_refusal_refuses_all(
    declare: Declare, serve: Serve, api: APIClient, make_todo: MakeTodo
) -> None:
    def perform(context: ActionContext, _data: Any) -> None:
        for todo in context.objects:
            todo.done = True
            todo.save()
        raise Taken

    declare(perform, bulk=True)
    serve()

    assert post(api, make_todo().pk, make_todo().pk).status_code == 409
    assert not Todo.objects.filter(done=True).exists()


@pytest.mark.parametrize("is_partial", [True, False])
def test_more_than_the_limit_is_refused_before_anything_is_fetched(
    declare: Declare, serve: Serve, api: APIClient, make_todo: MakeTodo, is_partial: bool
) -> None:
    declare(bulk=True, partial=is_partial, max_items=2)
    serve()
    keys = [make_todo().pk for _ in range(3)]
    refused = post(api, *keys)

    assert (refused.status_code, refused.json()) == (
        400,
        {"ids": ["Ensure this list has at most 2 items; it has 3."]},
    )
    assert post(api, *keys[:2]).status_code in {200, 207}


def test_from_code_the_limit_counts_too(declare: Declare, make_todo: MakeTodo) -> None:
    action = declare(bulk=True, max_items=1)

    with pytest.raises(InvalidAction, match=r"at most 1 objects, not 2"):
        action.run(objects=[make_todo(), make_todo()])


@pytest.mark.parametrize("is_partial", [True, False])
def test_what_the_viewset_hides_cannot_be_reached(
    declare: Declare,
    serve: Serve,
    client_of: ClientOf,
    bob: User,
    make_todo: MakeTodo,
    is_partial: bool,
) -> None:
    def get_queryset(self: Any) -> QuerySet[Todo]:
        return Todo.objects.filter(owner=self.request.user)

    declare(finish if is_partial else lambda *_: None, bulk=True, partial=is_partial)
    serve(get_queryset=get_queryset)
    own, foreign = make_todo(owner=bob), make_todo()
    response = post(client_of(bob), own.pk, foreign.pk)

    if is_partial:
        assert [entry["status"] for entry in response.json()["results"]] == [200, 404]
    else:
        assert response.status_code == 404
    foreign.refresh_from_db()
    assert not foreign.done


@pytest.mark.parametrize("count", [1, 50])
def test_all_objects_are_fetched_and_locked_in_one_query(
    declare: Declare, serve: Serve, api: APIClient, make_todo: MakeTodo, count: int
) -> None:
    declare(bulk=True, permissions=[IsOwner])
    serve()
    keys = [make_todo().pk for _ in range(count)]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert post(api, *keys).status_code == 200

    fetches = [entry["sql"] for entry in queries if 'FROM "todos_todo"' in entry["sql"]]
    assert len(fetches) == 1
    if connection.vendor == "postgresql":
        assert "FOR NO KEY UPDATE" in fetches[0]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"partial": True}, "partial is for bulk actions"),
        ({"bulk": True, "partial": True, "requires_objects": False}, "partial is for bulk"),
        ({"requires_objects": False}, "set bulk = True"),
        ({"bulk": True, "max_items": 0}, "max_items is 0"),
    ],
)
def test_contradictions_are_refused(
    declare: Declare, attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidAction, match=message):
        declare(**attributes)


def test_a_bulk_action_may_find_its_objects_itself(
    declare: Declare, serve: Serve, api: APIClient, make_todo: MakeTodo
) -> None:
    def perform(context: ActionContext, _data: Any) -> list[Todo]:
        context.meta["count"] = Todo.objects.update(done=True)
        return list(Todo.objects.all())

    declare(perform, bulk=True, requires_objects=False)
    serve()
    make_todo()
    body = api.post(URL, {}, format="json").json()

    assert (body["meta"], [entry["done"] for entry in body["results"]]) == ({"count": 1}, [True])
