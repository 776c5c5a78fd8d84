"""Actions over HTTP: routes, refusals, and that a refusal leaves no trace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.rest.responses import EVENT_HEADER
from dj_actions.testing import assert_recorded
from example.todos.actions import IsOwner
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer
from example.todos.views import TodoViewSet
from tests.conftest import Declare, MakeTodo, MakeUser, Serve
from tests.integration.rest.todo_calls import BULK, UNTOUCHED, post, post_raw, trace, url_of

pytestmark = pytest.mark.django_db

# What they do


def test_an_action_changes_its_object_and_responds_with_it(api: APIClient, todo: Todo) -> None:
    assert post(api, url_of(todo), {"note": "two"}) == (
        200,
        {"id": todo.pk, "title": "Buy milk", "note": "two", "done": True, "owner": "ann"},
    )
    todo.refresh_from_db()
    assert (todo.done, todo.note) == (True, "two")


def test_an_action_is_recorded_with_a_delivery_for_each_publisher(
    api: APIClient, todo: Todo, ann: User
) -> None:
    post(api, url_of(todo), {"note": "two"})
    event = assert_recorded("todo.mark_done", actor=ann)

    assert (event.object_id, event.object_ids) == (str(todo.pk), [str(todo.pk)])
    assert event.actor_label == "ann"
    assert event.request_data == {"note": "two"}
    assert event.response_data == {**TodoSerializer(todo).data, "note": "two", "done": True}
    assert event.summary == "ann finished “Buy milk”"
    assert event.duration_ms > 0
    assert [entry.publisher for entry in event.deliveries.all()] == ["memory"]


def test_the_response_names_its_event(api: APIClient, todo: Todo) -> None:
    response = api.post(url_of(todo))

    assert UUID(response[EVENT_HEADER]) == assert_recorded("todo.mark_done").pk


def test_a_bulk_action_changes_all_and_responds_in_the_order_of_the_request(
    api: APIClient, make_todo: MakeTodo
) -> None:
    first, second, other = make_todo("a"), make_todo("b"), make_todo("c")
    status, body = post(api, BULK, {"ids": [second.pk, first.pk], "note": "n"})

    assert status == 200
    assert [(entry["id"], entry["done"]) for entry in body["results"]] == [
        (second.pk, True),
        (first.pk, True),
    ]
    other.refresh_from_db()
    assert not other.done


def test_a_bulk_action_is_one_event_that_names_all(api: APIClient, make_todo: MakeTodo) -> None:
    first, second = make_todo(), make_todo()
    post(api, BULK, {"ids": [second.pk, first.pk]})
    event = assert_recorded("todo.bulk_mark_done")

    assert (event.object_id, event.object_ids) == (None, [str(second.pk), str(first.pk)])


@pytest.mark.parametrize("form", ["multipart", None])
def test_a_form_encoded_body_is_taken(api: APIClient, todo: Todo, form: str | None) -> None:
    if form:
        response = api.post(url_of(todo), {"note": "two"}, format=form)
    else:
        response = api.post(
            url_of(todo), "note=two", content_type="application/x-www-form-urlencoded"
        )

    assert (response.status_code, response.json()["note"]) == (200, "two")


def test_a_form_encoded_body_names_ids_by_repeating_them(
    api: APIClient, make_todo: MakeTodo
) -> None:
    ids = [make_todo().pk, make_todo().pk]
    response = api.post(BULK, {"ids": ids, "note": "n"}, format="multipart")

    assert [entry["id"] for entry in response.json()["results"]] == ids


def test_an_empty_body_is_an_empty_input(api: APIClient, todo: Todo) -> None:
    assert post_raw(api, url_of(todo), b"")[0] == 200


# Routes and documentation


def test_actions_are_extra_actions_of_drf() -> None:
    names = [entry.__name__ for entry in TodoViewSet.get_extra_actions()]

    assert set(names) == {
        "bulk_mark_done",
        "hand_over",
        "list_actions",
        "list_actions_as_before",
        "mark_done",
        "remind",
        "show_action_schema",
        "unknown_bulk_action",
        "unknown_instance_action",
    }
    assert all(name.startswith("unknown_") for name in names[-2:])


@pytest.mark.parametrize(
    ("name", "arguments", "url"),
    [
        ("todo-action-mark_done", [7], "/todos/7/actions/mark_done/"),
        ("todo-action-hand_over", [7], "/todos/7/actions/hand_over/"),
        ("todo-action-bulk_mark_done", [], BULK),
        ("todo-action-list", [], "/todos/actions/list/"),
        # The names of 0.0.7:
        ("todo-action-docs", [], "/todos/actions/list/"),
        ("todo-actions", [7, "mark_done"], "/todos/7/actions/mark_done/"),
        ("todo-bulk-actions", ["bulk_mark_done"], BULK),
    ],
)
def test_actions_have_routes_with_names(name: str, arguments: list[int], url: str) -> None:
    assert reverse(name, args=arguments) == url


def test_the_list_describes_all_actions_and_where_they_are(api: APIClient) -> None:
    body = api.get("/todos/actions/list/").json()

    assert body["resource"] == "todo"
    assert [(entry["id"], entry["url"]) for entry in body["instance_actions"]] == [
        ("hand_over", "/todos/{pk}/actions/hand_over/"),
        ("mark_done", "/todos/{pk}/actions/mark_done/"),
        ("remind", "/todos/{pk}/actions/remind/"),
    ]
    assert [(entry["id"], entry["url"]) for entry in body["bulk_actions"]] == [
        ("bulk_mark_done", BULK)
    ]


def test_get_on_an_action_describes_it(api: APIClient, todo: Todo) -> None:
    assert api.get(url_of(todo)).json() == {
        "id": "mark_done",
        "resource": "todo",
        "type": "instance",
        "status": "prod",
        "title": "Mark one todo as done.",
        "description": "",
        "version": 1,
        "is_live": True,
        "multiple_results": False,
        "capabilities": [],
        "tags": [],
        "example_payload": None,
        "examples": [],
        "commands": [],
        "url": url_of(todo),
        "fields": [
            {
                "name": "note",
                "type": "CharField",
                "required": False,
                "description": "How it went.",
            }
        ],
        "example_response": [{"title": "", "note": ""}],
    }


def test_the_rest_of_the_viewset_works_as_before(api: APIClient, todo: Todo) -> None:
    assert api.get("/todos/").json()[0]["id"] == todo.pk
    assert api.get(f"/todos/{todo.pk}/").json()["title"] == "Buy milk"
    assert api.post("/todos/", {"title": "x"}, format="json").status_code == 201
    assert api.patch(f"/todos/{todo.pk}/", {"title": "y"}, format="json").status_code == 200
    assert api.delete(f"/todos/{todo.pk}/").status_code == 204
    assert trace() == UNTOUCHED


def test_an_action_registered_after_its_viewset_is_served(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    viewset = serve()
    declare()
    serve(get_extra_actions=viewset.get_extra_actions)

    assert post(api, f"/things/{todo.pk}/actions/poke/")[0] == 200


def test_an_action_whose_name_begins_like_a_fallback_is_served(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(name="unknown_to_me")
    serve()

    assert post(api, f"/things/{todo.pk}/actions/unknown_to_me/")[0] == 200


# Methods


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_safe_method_changes_nothing(api: APIClient, todo: Todo, method: str) -> None:
    for url in (url_of(todo), BULK, "/todos/actions/list/"):
        assert api.generic(method, url).status_code == 200

    assert trace() == UNTOUCHED


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method_is_not_allowed(api: APIClient, todo: Todo, method: str) -> None:
    for url in (url_of(todo), BULK):
        assert api.generic(method, url).status_code == 405

    assert trace() == UNTOUCHED


# What is not there


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/todos/{pk}/actions/mark_dine/", "no action 'mark_dine'. Did you mean 'mark_done'?"),
        ("/todos/actions/bulk_mark/", "no action 'bulk_mark'. Did you mean 'bulk_mark_done'?"),
        ("/todos/{pk}/actions/xyz/", "There is no action 'xyz'."),
        ("/todos/actions/xyz/", "There is no action 'xyz'."),
        ("/todos/{pk}/actions/%7B0%7D%00/", "There is no action '{0}\\x00'."),
        (
            "/todos/{pk}/actions/bulk_mark_done/",
            "'bulk_mark_done' is found at …/actions/bulk_mark_done/, with `ids`.",
        ),
        ("/todos/actions/mark_done/", "'mark_done' is found at …/{id}/actions/mark_done/."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_response_to_an_unknown_action_names_the_nearest(
    api: APIClient, todo: Todo, method: str, url: str, said: str
) -> None:
    response = api.generic(method, url.format(pk=todo.pk))

    assert response.status_code == 404
    assert said in response.json()["detail"]
    assert trace() == UNTOUCHED


@pytest.mark.parametrize(
    "pk", ["0", "-1", "999999", "x", "1e3", "9" * 30, "9" * 5000, "%00", "%F0%9F%98%80", "None"]
)
def test_an_object_that_is_not_there_is_not_found(api: APIClient, pk: str) -> None:
    assert post(api, f"/todos/{pk}/actions/mark_done/")[0] == 404
    assert trace() == UNTOUCHED


# Around it


@pytest.mark.django_db(transaction=True)
def test_atomic_requests_change_nothing(
    api: APIClient, todo: Todo, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", 1)

    assert post(api, url_of(todo), {"note": {}})[0] == 400
    assert trace() == UNTOUCHED
    assert post(api, url_of(todo))[0] == 200
    assert trace() == (1, 1, 1)


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_context_is_kept(api: APIClient, todo: Todo) -> None:
    api.post(url_of(todo), headers={"traceparent": TRACE})

    assert assert_recorded("todo.mark_done").traceparent == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        TRACE.upper(),
        f"{TRACE}-x",
        TRACE[:-1],
        f" {TRACE}\n",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        TRACE.replace("00-", "ff-", 1),
        "x" * 10_000,
        "ü",
    ],
)
def test_a_malformed_trace_context_is_dropped(api: APIClient, todo: Todo, header: str) -> None:
    assert api.post(url_of(todo), headers={"traceparent": header}).status_code == 200
    assert assert_recorded("todo.mark_done").traceparent == ""


def test_an_action_that_raises_on_purpose_is_rolled_back(
    api: APIClient, make_todo: MakeTodo, todo: Todo, bob: User
) -> None:
    for _ in range(3):
        make_todo(owner=bob)
    status, answer = post(api, url_of(todo, "hand_over"), {"to": "bob"})

    assert (status, answer) == (409, {"detail": "bob already has 3 open todos."})
    todo.refresh_from_db()
    assert todo.owner.username == "ann"
    assert trace() == UNTOUCHED


def test_validated_models_are_recorded_by_their_key(api: APIClient, todo: Todo, bob: User) -> None:
    assert post(api, url_of(todo, "hand_over"), {"to": "bob"})[0] == 200
    event = assert_recorded("todo.hand_over")

    assert event.request_data == {"to": bob.pk}
    assert event.recipients == [f"user:{bob.pk}", f"notification:{bob.pk}"]


def test_what_is_recorded_is_the_input_not_what_perform_made_of_it(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    class Note(serializers.Serializer[Any]):
        note = serializers.CharField()

    def perform(_context: ActionContext, data: dict[str, Any]) -> None:
        data.pop("note")
        data["secret"] = 1

    declare(perform, input=Note)
    serve()
    post(api, f"/things/{todo.pk}/actions/poke/", {"note": "x"})

    assert assert_recorded("todo.poke").request_data == {"note": "x"}


def test_a_csrf_token_is_demanded_of_a_session(make_user: MakeUser, todo: Todo) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(todo.owner)

    for method in ("POST", "HEAD"):
        client.generic(method, url_of(todo))
    assert trace() == UNTOUCHED


def test_a_viewset_that_decides_permissions_itself_does_not_drop_the_actions(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo, bob: User
) -> None:
    declare(permissions=[IsOwner])
    serve(get_permissions=lambda _view: [IsAuthenticated()])
    api.force_authenticate(bob)

    assert post(api, f"/things/{todo.pk}/actions/poke/")[0] == 403
    assert trace() == UNTOUCHED
