"""Actions over HTTP: routes, refusals, and that a refusal leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Count, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.test import APIClient
from rest_framework.views import APIView

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent, Delivery
from dj_actions.rest.responses import EVENT_HEADER
from dj_actions.testing import assert_recorded
from example.todos.actions import IsOwner
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer
from example.todos.views import TodoViewSet
from tests.conftest import ClientOf, Declare, MakeTodo, MakeUser, Serve

pytestmark = pytest.mark.django_db

BULK = "/todos/actions/bulk_mark_done/"
UNSTORABLE = [
    "Null characters, lone surrogates, infinite numbers and deep nesting are not allowed."
]


def url_of(todo: Todo, action: str = "mark_done") -> str:
    return f"/todos/{todo.pk}/actions/{action}/"


def post(client: APIClient, url: str, data: Any = None) -> Any:
    """Send JSON, and return status and body."""
    return post_raw(client, url, json.dumps(data or {}, default=str))


def post_raw(client: APIClient, url: str, body: Any, **headers: Any) -> Any:
    """Send a body as it is, and return status and body."""
    kind = headers.pop("content_type", "application/json")
    response = client.generic("POST", url, body, content_type=kind, **headers)
    is_json = response.get("Content-Type") == "application/json"
    return response.status_code, response.json() if is_json else None


def trace() -> tuple[int, int, int]:
    """Return what must not change when an action is refused."""
    return (
        ActionEvent.objects.succeeded().count(),
        Delivery.objects.count(),
        Todo.objects.filter(done=True).count(),
    )


UNTOUCHED = (0, 0, 0)


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


# What is malformed


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"note",
        b"{'note': 1}",
        b'{"note": "x",}',
        b'{"note": NaN}',
        b'{"note": Infinity}',
        b"\xff\xfe",
        b"\x00",
        b'{"note": "\xed\xa0\x80"}',
        b'{"note": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=range(12),
)
def test_malformed_json_is_refused(api: APIClient, todo: Todo, body: bytes) -> None:
    for url in (url_of(todo), BULK):
        status, answer = post_raw(api, url, body)

        assert status == 400
        assert answer["detail"].startswith("JSON parse error")
    assert trace() == UNTOUCHED


@pytest.mark.parametrize("depth", [100, 300, 600, 900, 2000, 5000, 20_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_never_breaks_the_server(
    api: APIClient, todo: Todo, depth: int, start: str, end: str
) -> None:
    inner = start * depth + ("0" if end == "}" else "") + end * depth
    status, _ = post_raw(api, url_of(todo), f'{{"extra": {inner}}}')

    assert status in {200, 400}


def test_excessive_nesting_is_refused(api: APIClient, todo: Todo) -> None:
    body = '{"note": ' + "[" * 20_000 + "]" * 20_000 + "}"

    assert post_raw(api, url_of(todo), body)[0] == 400
    assert trace() == UNTOUCHED


@pytest.mark.parametrize(
    ("body", "kind"),
    [("[]", "list"), ('"x"', "str"), ("7", "int"), ("true", "bool"), ("null", "NoneType")],
)
def test_a_body_that_is_not_an_object_is_refused(
    api: APIClient, todo: Todo, body: str, kind: str
) -> None:
    assert post_raw(api, url_of(todo), body) == (
        400,
        {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]},
    )
    assert trace() == UNTOUCHED


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "true", "null"])
def test_a_bulk_body_that_is_no_object_is_refused(api: APIClient, body: str) -> None:
    assert post_raw(api, BULK, body) == (400, {"ids": ["This field is required."]})


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ({}, "Not a valid string."),
        ([], "Not a valid string."),
        (True, "Not a valid string."),
        (None, "This field may not be null."),
        ("", "This field may not be blank."),
        ("x" * 201, "Ensure this field has no more than 200 characters."),
    ],
)
def test_a_wrong_value_is_refused_as_drf_does(
    api: APIClient, todo: Todo, note: Any, said: str
) -> None:
    assert post(api, url_of(todo), {"note": note}) == (400, {"note": [said]})
    assert trace() == UNTOUCHED


def test_a_missing_field_is_refused_as_drf_does(api: APIClient, todo: Todo) -> None:
    assert post(api, url_of(todo, "hand_over")) == (400, {"to": ["This field is required."]})


def test_a_wrong_value_in_a_form_is_refused_in_the_same_shape(api: APIClient, todo: Todo) -> None:
    status, answer = post(api, BULK, {"ids": [todo.pk], "note": "x" * 201})

    assert (status, list(answer), type(answer["note"])) == (400, ["note"], list)
    assert trace() == UNTOUCHED


@pytest.mark.parametrize("escaped", [r"\u0000", r"a\u0000b", r"\ud800", r"\udfff\ud800"])
def test_text_that_no_database_can_store_is_refused(
    api: APIClient, todo: Todo, escaped: str
) -> None:
    assert post_raw(api, url_of(todo), f'{{"note": "{escaped}"}}') == (400, {"note": UNSTORABLE})
    assert post_raw(api, url_of(todo), f'{{"x": [{{"{escaped}": 1}}]}}') == (
        400,
        {"x": UNSTORABLE},
    )
    assert post_raw(api, BULK, f'{{"ids": [{todo.pk}], "note": "{escaped}"}}') == (
        400,
        {"note": UNSTORABLE},
    )
    assert trace() == UNTOUCHED


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/octet-stream", "x"])
def test_an_unknown_media_type_is_refused(api: APIClient, todo: Todo, kind: str) -> None:
    for url in (url_of(todo), BULK):
        status, answer = post_raw(api, url, b'{"note": "x"}', content_type=kind)

        assert status == 415
        assert kind in answer["detail"]
    assert trace() == UNTOUCHED


class Unreadable:
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        """Fail the test."""
        raise AssertionError("The body was read.")

    readline = read

    def close(self) -> None:
        """Nothing is open."""


def test_a_body_over_the_limit_is_refused_before_it_is_read(
    api: APIClient, todo: Todo, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {"MAX_BODY_BYTES": 10}
    for url in (url_of(todo), BULK):
        body = {"CONTENT_LENGTH": "11", "wsgi.input": Unreadable()}
        status, answer = post_raw(api, url, b"", **body)

        assert status == 413
        assert answer["detail"].startswith("The request body has 11 bytes; the maximum is 10.")
    assert trace() == UNTOUCHED


def test_a_body_at_the_limit_is_taken(api: APIClient, todo: Todo, settings: Settings) -> None:
    body = b'{"note": "x"}'
    settings.DJ_ACTIONS = {"MAX_BODY_BYTES": len(body)}

    assert post_raw(api, url_of(todo), body)[0] == 200


@pytest.mark.parametrize("length", ["", "x", "-1", "1e3", "9" * 5000])
def test_a_senseless_length_never_breaks_the_server(
    api: APIClient, todo: Todo, length: str
) -> None:
    status, _ = post_raw(api, url_of(todo), b"{}", CONTENT_LENGTH=length)

    assert status < 500


def test_the_limit_is_for_actions_only(api: APIClient, settings: Settings) -> None:
    settings.DJ_ACTIONS = {"MAX_BODY_BYTES": 1}

    assert post(api, "/todos/", {"title": "Buy milk"})[0] == 201


# Ids of a bulk action


def test_ids_named_twice_count_once(api: APIClient, make_todo: MakeTodo) -> None:
    first, second = make_todo(), make_todo()
    ids = [second.pk, str(second.pk), first.pk, second.pk]
    _, body = post(api, BULK, {"ids": ids})

    assert [entry["id"] for entry in body["results"]] == [second.pk, first.pk]


def test_ids_can_be_texts(api: APIClient, todo: Todo) -> None:
    assert post(api, BULK, {"ids": [str(todo.pk)]})[0] == 200


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "This list may not be empty."),
        (None, 'Expected a list of items but got type "NoneType".'),
        ("1", 'Expected a list of items but got type "str".'),
        (1, 'Expected a list of items but got type "int".'),
        ({"1": 1}, 'Expected a list of items but got type "dict".'),
        ([True], "True is not a valid id"),
        ([None], "None is not a valid id"),
        ([1.0], "1.0 is not a valid id"),
        ([[1]], "[1] is not a valid id"),
        ([{}], "{} is not a valid id"),
        (["x"], "'x' is not a valid id"),
        ([""], "'' is not a valid id"),
        (["1 OR 1=1"], "'1 OR 1=1' is not a valid id"),
        ([10**30], "is not a valid id"),
        ([-(10**30)], "is not a valid id"),
        (["9" * 5000], "is not a valid id"),
        (["\x00"], "is not a valid id"),
        (["\ud800"], "is not a valid id"),
    ],
    ids=range(18),
)
def test_ids_that_are_none_are_refused(api: APIClient, ids: Any, said: str) -> None:
    status, answer = post_raw(api, BULK, json.dumps({"ids": ids}))

    assert (status, list(answer)) == (400, ["ids"])
    assert said in answer["ids"][0]
    assert trace() == UNTOUCHED


def test_missing_ids_are_required(api: APIClient) -> None:
    assert post(api, BULK, {"note": "x"}) == (400, {"ids": ["This field is required."]})


def test_one_unknown_id_refuses_all(api: APIClient, todo: Todo) -> None:
    status, answer = post(api, BULK, {"ids": [todo.pk, 999_998, 999_999]})

    assert (status, answer) == (404, {"detail": "Not found: 999998, 999999."})
    assert trace() == UNTOUCHED


# Permissions


def test_without_a_login_nothing_is_shown(client_of: ClientOf, todo: Todo) -> None:
    client = client_of(None)
    for url in (url_of(todo), BULK, "/todos/999999/actions/mark_done/", url_of(todo, "xyz")):
        assert post(client, url)[0] == 401
    assert client.get("/todos/actions/list/").status_code == 401
    assert trace() == UNTOUCHED


def test_the_actions_permissions_are_checked(client_of: ClientOf, bob: User, todo: Todo) -> None:
    assert post(client_of(bob), url_of(todo)) == (
        403,
        {"detail": "This todo belongs to someone else."},
    )
    assert trace() == UNTOUCHED


def test_permissions_are_checked_for_each_object_of_a_bulk_action(
    api: APIClient, make_todo: MakeTodo, bob: User
) -> None:
    mine, his = make_todo(), make_todo(owner=bob)

    assert post(api, BULK, {"ids": [mine.pk, his.pk]})[0] == 403
    assert trace() == UNTOUCHED


def test_the_viewsets_permissions_are_checked_too(
    client_of: ClientOf, admin: User, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(permissions=[IsAdminUser])
    serve(permission_classes=[IsAuthenticated])
    url = f"/things/{todo.pk}/actions/poke/"

    assert post(client_of(None), url)[0] == 401
    assert post(client_of(todo.owner), url)[0] == 403
    assert post(client_of(admin), url)[0] == 200


def test_an_actions_permissions_do_not_loosen_the_viewsets(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(permissions=[])
    serve(permission_classes=[IsAdminUser])

    assert post(api, f"/things/{todo.pk}/actions/poke/")[0] == 403


def test_an_actions_permissions_are_not_checked_elsewhere(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(permissions=[IsAdminUser])
    serve()

    assert api.get(f"/things/{todo.pk}/").status_code == 200


class IsUrgent(BasePermission):
    """Looks at a value that the viewset's queryset has annotated."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return bool(obj.people)


@pytest.mark.parametrize("url", ["/things/{}/actions/poke/", "/things/actions/poke_all/"])
def test_malformed_input_shows_nothing_to_an_anonymous_client(
    client_of: ClientOf, serve: Serve, declare: Declare, todo: Todo, url: str
) -> None:
    declare()
    declare(name="poke_all", bulk=True)
    serve(permission_classes=[IsAuthenticated])

    assert post_raw(client_of(None), url.format(todo.pk), b"{")[0] == 401


# The viewset's queryset


def bulk_and_single(declare: Declare, **attributes: Any) -> None:
    declare(**attributes)
    declare(name="poke_all", bulk=True, **attributes)


def both_statuses(client: APIClient, *keys: Any) -> tuple[int, int]:
    """Run an action on the first, a bulk action on all, and return their statuses."""
    single, _ = post(client, f"/things/{keys[0]}/actions/poke/")
    bulk, _ = post(client, "/things/actions/poke_all/", {"ids": list(keys)})
    return single, bulk


def test_an_object_outside_the_queryset_is_not_found(
    api: APIClient, serve: Serve, declare: Declare, make_todo: MakeTodo
) -> None:
    bulk_and_single(declare)
    serve(queryset=Todo.objects.filter(done=False))
    inside, outside = make_todo(), make_todo(done=True)

    assert both_statuses(api, inside.pk) == (200, 200)
    assert both_statuses(api, outside.pk) == (404, 404)
    assert both_statuses(api, inside.pk, outside.pk) == (200, 404)


def test_an_object_that_is_filtered_out_is_not_found(
    api: APIClient, serve: Serve, declare: Declare, make_todo: MakeTodo
) -> None:
    class OnlyMilk:
        def filter_queryset(self, request: Any, queryset: QuerySet[Todo], view: Any) -> Any:
            return queryset.filter(title="Buy milk")

    bulk_and_single(declare)
    serve(filter_backends=[OnlyMilk])

    assert both_statuses(api, make_todo("Buy milk").pk) == (200, 200)
    assert both_statuses(api, make_todo("Buy wine").pk) == (404, 404)


def test_get_queryset_of_the_viewset_is_called(
    client_of: ClientOf, serve: Serve, declare: Declare, todo: Todo, bob: User
) -> None:
    def get_queryset(self: Any) -> QuerySet[Todo]:
        return Todo.objects.filter(owner=self.request.user)

    bulk_and_single(declare)
    serve(get_queryset=get_queryset)

    assert both_statuses(client_of(todo.owner), todo.pk) == (200, 200)
    assert both_statuses(client_of(bob), todo.pk) == (404, 404)


QUERYSETS: dict[str, Callable[[], QuerySet[Any]]] = {
    "plain": Todo.objects.all,
    "distinct": Todo.objects.distinct,
    "joined": lambda: Todo.objects.select_related("owner"),
    "joined to many": lambda: Todo.objects.filter(owner__todos__done=False).distinct(),
    "counted": lambda: Todo.objects.annotate(people=Count("owner")),
    "prefetched": lambda: Todo.objects.prefetch_related("owner__todos"),
    "some columns": lambda: Todo.objects.only("title"),
    "ranked": lambda: Todo.objects.annotate(rank=Window(RowNumber(), order_by="title")),
    "ordered by a join": lambda: Todo.objects.order_by("-owner__username"),
}


@pytest.mark.parametrize("name", QUERYSETS)
def test_any_queryset_can_be_locked(
    api: APIClient, serve: Serve, declare: Declare, make_todo: MakeTodo, name: str
) -> None:
    bulk_and_single(declare)
    serve(queryset=QUERYSETS[name]())

    assert both_statuses(api, make_todo().pk, make_todo().pk) == (200, 200)


def test_a_queryset_that_joins_what_may_be_absent_can_be_locked(
    api: APIClient, serve: Serve, declare: Declare, ann: User
) -> None:
    class LogSerializer(serializers.ModelSerializer[LogEntry]):
        class Meta:
            model = LogEntry
            fields = ["id"]

    bulk_and_single(declare, model=LogEntry)
    serve(queryset=LogEntry.objects.select_related("content_type"), serializer_class=LogSerializer)
    entry = LogEntry.objects.create(user=ann, action_flag=ADDITION, object_repr="x")

    assert both_statuses(api, entry.pk) == (200, 200)


def test_what_the_queryset_annotates_is_there(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    bulk_and_single(declare, permissions=[IsUrgent])
    serve(queryset=Todo.objects.annotate(people=Count("owner")))

    assert both_statuses(api, todo.pk) == (200, 200)


# Other lookup fields and keys


class NameSerializer(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ["name"]


@pytest.fixture
def served_groups(serve: Serve, declare: Declare) -> None:
    bulk_and_single(declare, model=Group)
    serve(queryset=Group.objects.all(), serializer_class=NameSerializer, lookup_field="name")


def test_objects_are_found_by_the_viewsets_lookup_field(
    api: APIClient, served_groups: None
) -> None:
    for name in ("ünï", "7"):
        Group.objects.create(name=name)

    assert both_statuses(api, "ünï", "7") == (200, 200)
    assert post(api, "/things/actions/poke_all/", {"ids": ["7", "ünï"]})[1]["results"] == [
        {"name": "7"},
        {"name": "ünï"},
    ]


def test_a_number_names_a_text_key(api: APIClient, served_groups: None) -> None:
    Group.objects.create(name="7")

    assert post(api, "/things/actions/poke_all/", {"ids": [7, "7"]})[1]["results"] == [
        {"name": "7"}
    ]


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "\ud800"])
def test_an_unstorable_text_key_is_refused(api: APIClient, served_groups: None, name: str) -> None:
    status, answer = post_raw(api, "/things/actions/poke_all/", json.dumps({"ids": [name]}))

    assert (status, list(answer)) == (400, ["ids"])


def test_an_unstorable_text_key_in_the_url_is_not_found(
    api: APIClient, served_groups: None
) -> None:
    assert post(api, "/things/%00/actions/poke/")[0] == 404


def test_a_text_primary_key_works(
    api: APIClient, serve: Serve, declare: Declare, ann: User
) -> None:
    class TokenSerializer(serializers.ModelSerializer[Token]):
        class Meta:
            model = Token
            fields = ["key"]

    bulk_and_single(declare, model=Token)
    serve(queryset=Token.objects.all(), serializer_class=TokenSerializer)
    token = Token.objects.create(user=ann)

    assert both_statuses(api, token.pk) == (200, 200)
    assert both_statuses(api, "unknown") == (404, 404)
    assert ActionEvent.objects.filter(object_ids=[token.pk]).count() == 2


def test_a_uuid_primary_key_works(api: APIClient, serve: Serve, declare: Declare) -> None:
    class EventSerializer(serializers.ModelSerializer[ActionEvent]):
        class Meta:
            model = ActionEvent
            fields = ["id"]

    bulk_and_single(declare, model=ActionEvent)
    serve(queryset=ActionEvent.objects.all(), serializer_class=EventSerializer)
    event = ActionEvent.objects.create(resource="x", action="y")

    assert both_statuses(api, event.pk) == (200, 200)
    assert both_statuses(api, "0190a000-0000-7000-8000-000000000000") == (404, 404)
    assert both_statuses(api, "no-uuid") == (404, 400)


# Responses


def test_an_output_serializer_renders_the_result(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    class Short(serializers.Serializer[Any]):
        title = serializers.CharField()

    declare(output=Short)
    serve()

    assert post(api, f"/things/{todo.pk}/actions/poke/") == (200, {"title": "Buy milk"})


def test_an_output_serializer_sees_the_request(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    class Linked(serializers.Serializer[Any]):
        url = serializers.HyperlinkedIdentityField(view_name="thing-detail")

    bulk_and_single(declare, output=Linked)
    serve()

    assert post(api, f"/things/{todo.pk}/actions/poke/") == (
        200,
        {"url": f"http://testserver/things/{todo.pk}/"},
    )
    assert both_statuses(api, todo.pk) == (200, 200)


def test_the_viewsets_serializer_renders_models(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(lambda context, _: Todo.objects.filter(pk=context.object.pk))
    serve()
    _, body = post(api, f"/things/{todo.pk}/actions/poke/")

    assert [entry["title"] for entry in body] == ["Buy milk"]


@pytest.mark.parametrize("result", [{"a": [1, None, "ü"]}, [], "text", 7, False, 1.5])
def test_plain_results_are_returned_as_they_are(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo, result: Any
) -> None:
    declare(lambda *_: result)
    serve()

    assert post(api, f"/things/{todo.pk}/actions/poke/") == (200, result)
    assert assert_recorded("todo.poke").response_data == result


def test_an_action_with_plain_output_may_return_nothing(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(output=False)
    serve()

    response = api.post(f"/things/{todo.pk}/actions/poke/")

    assert (response.status_code, response.json()) == (200, {})
    assert assert_recorded("todo.poke").response_data == {}


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
