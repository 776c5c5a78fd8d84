"""Malformed and hostile requests never cause a server error."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from django import forms
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError
from rest_framework import serializers
from rest_framework.routers import DefaultRouter
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.testing import assert_not_recorded, assert_recorded
from example.todos.models import Todo
from example.todos.views import TodoViewSet
from tests.conftest import Declare, MakeEvent, Serve

pytestmark = pytest.mark.django_db

JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=x"
BULK = "/todos/actions/bulk_mark_done/"


def url_of(todo: Todo, action: str = "mark_done") -> str:
    return f"/todos/{todo.pk}/actions/{action}/"


def send(client: APIClient, url: str, body: Any = b"{}", kind: str = JSON, **headers: Any) -> Any:
    """Send a body as it is."""
    return client.generic("POST", url, body, content_type=kind, **headers)


@pytest.fixture
def poke(serve: Serve, declare: Declare, todo: Todo) -> Callable[..., str]:
    """Return a function that declares an action, serves it, and returns its address."""

    def poke(**attributes: Any) -> str:
        declare(**attributes)
        serve()
        return f"/things/{todo.pk}/actions/poke/"

    return poke


class AllSerializer(serializers.Serializer[Any]):
    """One field of each kind that can be given what it does not expect."""

    number = serializers.FloatField(required=False)
    whole = serializers.IntegerField(required=False)
    decimal = serializers.DecimalField(max_digits=9, decimal_places=2, required=False)
    when = serializers.DateTimeField(required=False)
    day = serializers.DateField(required=False)
    long = serializers.DurationField(required=False)
    uuid = serializers.UUIDField(required=False)
    address = serializers.IPAddressField(required=False)
    choice = serializers.ChoiceField(choices=["a"], required=False)
    choices = serializers.MultipleChoiceField(choices=["a"], required=False)
    anything = serializers.JSONField(required=False)
    text = serializers.JSONField(binary=True, required=False)
    names = serializers.DictField(required=False)
    words = serializers.ListField(required=False)
    user = serializers.PrimaryKeyRelatedField[Any](queryset=User.objects.all(), required=False)
    name = serializers.SlugRelatedField[Any](
        slug_field="username", queryset=User.objects.all(), required=False
    )
    picture = serializers.FileField(required=False)


class AllForm(forms.Form):
    """The same as a form."""

    number = forms.FloatField(required=False)
    whole = forms.IntegerField(required=False)
    decimal = forms.DecimalField(required=False)
    when = forms.DateTimeField(required=False)
    day = forms.DateField(required=False)
    hour = forms.TimeField(required=False)
    long = forms.DurationField(required=False)
    uuid = forms.UUIDField(required=False)
    address = forms.GenericIPAddressField(required=False)
    mail = forms.EmailField(required=False)
    link = forms.URLField(required=False, assume_scheme="https")
    choice = forms.ChoiceField(choices=[("a", "a")], required=False)
    choices = forms.MultipleChoiceField(choices=[("a", "a")], required=False)
    typed = forms.TypedChoiceField(choices=[("1", "1")], coerce=int, required=False)
    maybe = forms.NullBooleanField(required=False)
    yes = forms.BooleanField(required=False)
    anything = forms.JSONField(required=False)
    split = forms.SplitDateTimeField(required=False)
    user = forms.ModelChoiceField(User.objects.all(), required=False)
    picture = forms.FileField(required=False)


DECLARED = {"serializer": AllSerializer, "form": AllForm}
ODD = [
    "null", "true", "false", "0", "-1", "1.5", "1e999", "-1e999", "1e-999", "9" * 400, '""', '"x"',
    '"nan"', '"NaN"', '"inf"', '"-Infinity"', '"1e999"', '"1e99999999"', '"sNaN"', '"0x1"', '"٣"',
    '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"P999999999999D"',
    '"9999999999999 00:00"', '"\\"\\\\u0000\\""', '"[1e999]"', '"{\\"a\\": NaN}"',
    '"\\ud83d\\ude00"', "[]", "{}", "[null]", "[[]]", "[{}]", '["a", "a"]', "[1e999]",
    '{"a": 1e999}', '{"": null}', '[true, 1, "1"]', f"[{'9' * 400}]", f'"{"9" * 400}"',
    '"http://[::1"', '"//a/?\\u2028"', '"::ffff:1.2.3.4%eth0"',
]  # fmt: skip


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("value", ODD)
def test_any_json_in_any_field_is_taken_or_refused(
    api: APIClient, poke: Callable[..., str], declared: str, value: str
) -> None:
    kind: Any = DECLARED[declared]
    url = poke(input=kind)
    fields = [*(kind().fields), "unknown"]
    broken = {}
    for name in fields:
        response = send(api, url, f'{{"{name}": {value}}}')
        if response.status_code not in {200, 400}:
            broken[name] = response.status_code

    assert broken == {}


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "x", "", "%00", "%ED%A0%80", "1" * 4000])
@pytest.mark.parametrize("declared", DECLARED)
def test_any_form_text_in_any_field_is_taken_or_refused(
    api: APIClient, poke: Callable[..., str], declared: str, value: str
) -> None:
    kind: Any = DECLARED[declared]
    url = poke(input=kind)
    broken = {}
    for name in kind().fields:
        for body in (f"{name}={value}", f"{name}={value}&{name}=a"):
            response = send(api, url, body, "application/x-www-form-urlencoded")
            if response.status_code not in {200, 400}:
                broken[name] = response.status_code

    assert broken == {}


@pytest.mark.parametrize("value", ["1e999", '"nan"', '"inf"'])
def test_a_number_that_json_cannot_hold_is_refused_with_its_field(
    api: APIClient, serve: Serve, declare: Declare, value: str, todo: Todo
) -> None:
    declare(input=AllSerializer)
    serve()
    response = send(api, f"/things/{todo.pk}/actions/poke/", f'{{"number": {value}}}')

    assert (response.status_code, list(response.json())) == (400, ["number"])
    assert_not_recorded("todo.poke")


# Encodings


@pytest.mark.parametrize(
    "charset",
    ["utf-8", "utf-16", "latin-1", "x", "", "zlib", "bz2", "rot13", "hex", "base64", "idna",
     "punycode", "unicode_escape", "undefined", "utf-7"],
)  # fmt: skip
def test_any_charset_is_taken_or_refused(api: APIClient, todo: Todo, charset: str) -> None:
    for kind in (JSON, "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = send(api, url_of(todo), b'{"note": "x"}', f"{kind}; charset={charset}")

        assert response.status_code in {200, 400, 415}


def test_a_byte_order_mark_is_refused_or_skipped(api: APIClient, todo: Todo) -> None:
    assert send(api, url_of(todo), b"\xef\xbb\xbf{}").status_code in {200, 400}


def test_a_name_given_twice_counts_as_json_has_it(api: APIClient, todo: Todo) -> None:
    response = send(api, url_of(todo), b'{"note": "a", "note": "b"}')

    assert response.json()["note"] == "b"


@pytest.mark.parametrize("name", ["__proto__", "", "ids", "pk", "csrfmiddlewaretoken", "self"])
def test_names_that_mean_nothing_are_ignored(api: APIClient, todo: Todo, name: str) -> None:
    assert send(api, url_of(todo), json.dumps({name: {"x": 1}})).status_code == 200


# Multipart


def part(disposition: str, body: str = "x") -> str:
    return f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{body}\r\n"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "--x",
        "--x--",
        part('name="note"'),
        part('name="note"') + "--x--",
        part('name="note"; filename="a"') + "--x--\r\n",
        part('name="note"; filename="\x00"') + "--x--\r\n",
        part('name="\x00"') + "--x--\r\n",
        part("") + "--x--\r\n",
        part("name*=utf-8''%ff") + "--x--\r\n",
        part('name="ids"') + part('name="ids"; filename="1"') + "--x--\r\n",
        part('name="note"') * 1500 + "--x--\r\n",
        part('name="f"; filename="a"') * 200 + "--x--\r\n",
    ],
    ids=range(14),
)
@pytest.mark.parametrize("kind", [MULTIPART, "multipart/form-data", f"{MULTIPART}{'y' * 300}"])
def test_any_multipart_body_is_taken_or_refused(
    api: APIClient, todo: Todo, body: str, kind: str
) -> None:
    for url in (url_of(todo), BULK):
        assert send(api, url, body, kind).status_code in {200, 400, 415}


@pytest.mark.parametrize("declared", DECLARED)
def test_an_uploaded_file_reaches_perform_and_is_recorded_by_name(
    api: APIClient, serve: Serve, declare: Declare, declared: str, todo: Todo
) -> None:
    def perform(_context: ActionContext, data: dict[str, Any]) -> Any:
        return data["picture"].read().decode()

    declare(perform, input=DECLARED[declared], output=False)
    serve()
    response = api.post(
        f"/things/{todo.pk}/actions/poke/",
        {"picture": SimpleUploadedFile("cat.png", b"meow")},
        format="multipart",
    )

    assert (response.status_code, response.json()) == (200, "meow")
    assert assert_recorded("todo.poke").request_data["picture"] == "cat.png"


def test_a_file_is_no_text(api: APIClient, todo: Todo) -> None:
    for url, more in ((url_of(todo), {}), (BULK, {"ids": [todo.pk]})):
        files = {"note": SimpleUploadedFile("a.txt", b"x"), **more}
        response = api.post(url, files, format="multipart")

        assert (response.status_code, list(response.json())) == (400, ["note"])


# Many ids


def test_as_many_ids_as_a_body_can_hold_are_looked_up(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    declare(bulk=True, max_items=200_000)
    serve()
    ids = [todo.pk, *range(10_000_000, 10_100_000)]
    body = json.dumps({"ids": ids}, separators=(",", ":"))
    response = send(api, "/things/actions/poke/", body)

    assert response.status_code == 404
    assert len(response.content) < 2000


# Negotiation


@pytest.mark.parametrize("path", ["mark_done/", "hand_over/", "xyz/", "mark_done.json", "xyz.json"])
@pytest.mark.parametrize("accept", ["text/html", JSON, "*/*", "application/xml", "x", "", ";;,"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_any_media_type_can_be_requested(
    api: APIClient, todo: Todo, path: str, accept: str, method: str
) -> None:
    response = api.generic(
        method, f"/todos/{todo.pk}/actions/{path}", "{}", content_type=JSON, HTTP_ACCEPT=accept
    )

    assert response.status_code in {200, 400, 404, 405, 406}


@pytest.mark.parametrize("path", ["bulk_mark_done/", "list/", "xyz/", "list.json"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_browser_can_look_at_actions_of_all(api: APIClient, path: str, method: str) -> None:
    response = api.generic(
        method, f"/todos/actions/{path}", "{}", content_type=JSON, HTTP_ACCEPT="text/html"
    )

    assert response.status_code in {200, 400, 404, 405, 406}


def test_a_browser_can_look_at_events(client_of: Any, admin: User, make_event: MakeEvent) -> None:
    event, client = make_event(), client_of(admin)
    for url in ("/api/action-events/", f"/api/action-events/{event.pk}/"):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            response = client.generic(method, url, HTTP_ACCEPT="text/html")

            assert response.status_code in {200, 405}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"note": {}}', b"[]"])
def test_a_browser_is_shown_what_is_wrong(api: APIClient, todo: Todo, body: bytes) -> None:
    for url in (url_of(todo), BULK):
        assert send(api, url, body, HTTP_ACCEPT="text/html").status_code == 400


@pytest.mark.parametrize("path", ["/todos/actions/list/", "/todos/actions/list.json"])
def test_the_list_names_addresses_that_work(api: APIClient, todo: Todo, path: str) -> None:
    body = api.get(path).json()
    urls = [entry["url"] for entry in body["instance_actions"] + body["bulk_actions"]]

    assert [api.get(url.format(pk=todo.pk)).status_code for url in urls] == [200] * 4


def test_the_list_of_a_router_without_slashes_names_addresses_that_work(
    api: APIClient, todo: Todo, settings: Any
) -> None:
    router = DefaultRouter(trailing_slash=False)
    router.register("todos", TodoViewSet)
    urls: Any = ModuleType("urls_without_slashes")
    urls.urlpatterns = router.urls
    settings.ROOT_URLCONF = urls
    body = api.get("/todos/actions/list").json()
    found = [entry["url"] for entry in body["instance_actions"] + body["bulk_actions"]]

    assert [api.get(url.format(pk=todo.pk)).status_code for url in found] == [200] * 4


# Relations in what was validated


def test_related_objects_are_recorded_by_their_keys(
    api: APIClient, serve: Serve, declare: Declare, ann: User, todo: Todo
) -> None:
    class People(forms.Form):
        user = forms.ModelChoiceField(User.objects.all())
        groups = forms.ModelMultipleChoiceField(Group.objects.all())

    group = Group.objects.create(name="x")
    declare(input=People)
    serve()
    body = json.dumps({"user": ann.pk, "groups": [group.pk]})

    assert send(api, f"/things/{todo.pk}/actions/poke/", body).status_code == 200
    assert assert_recorded("todo.poke").request_data == {"user": ann.pk, "groups": [group.pk]}


def test_an_object_that_perform_deletes_is_recorded_by_its_key(
    api: APIClient, serve: Serve, declare: Declare, bob: User, todo: Todo
) -> None:
    pk = bob.pk

    def perform(_context: ActionContext, data: dict[str, Any]) -> None:
        data["user"].delete()

    declare(perform, input=AllSerializer)
    serve()
    send(api, f"/things/{todo.pk}/actions/poke/", json.dumps({"user": pk}))

    assert assert_recorded("todo.poke").request_data == {"user": pk}


# Values that the database cannot look for

FAR_AWAY = ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]


class JoinedSerializer(serializers.Serializer[Any]):
    """Finds a user by a time."""

    joined = serializers.SlugRelatedField[Any](
        slug_field="date_joined", queryset=User.objects.all()
    )


class JoinedForm(forms.Form):
    """The same as a form."""

    joined = forms.ModelChoiceField(User.objects.all(), to_field_name="date_joined")


@pytest.mark.parametrize("value", FAR_AWAY)
@pytest.mark.parametrize("declared", [JoinedSerializer, JoinedForm])
def test_a_relation_that_the_database_cannot_look_for_is_refused(
    api: APIClient, poke: Callable[..., str], declared: Any, value: str
) -> None:
    url = poke(input=declared)

    assert send(api, url, json.dumps({"joined": value})).status_code == 400
    assert assert_recorded("todo.poke", status_code=400).request_data == {"joined": value}


@pytest.mark.parametrize("value", FAR_AWAY)
@pytest.mark.parametrize("partial", [False, True])
def test_a_key_that_the_database_cannot_look_for_is_refused(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo, value: str, partial: bool
) -> None:
    declare(bulk=True, partial=partial)
    serve(lookup_field="owner__date_joined")

    assert send(api, "/things/actions/poke/", json.dumps({"ids": [value]})).status_code == 400


@pytest.mark.parametrize("value", FAR_AWAY)
def test_an_object_that_the_database_cannot_look_for_is_refused(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo, value: str
) -> None:
    declare()
    serve(lookup_field="owner__date_joined", lookup_value_regex="[^/]+")

    assert send(api, f"/things/{quote(value)}/actions/poke/").status_code == 400


@pytest.mark.parametrize("name", ["ann\0", "\0"])
def test_a_user_that_the_database_cannot_look_for_is_refused(todo: Todo, name: str) -> None:
    client = APIClient(raise_request_exception=False)
    credentials = base64.b64encode(f"{name}:pw".encode()).decode()
    client.credentials(HTTP_AUTHORIZATION=f"Basic {credentials}")

    assert send(client, url_of(todo)).status_code in {400, 401}
    assert client.get("/api/action-events/").status_code in {400, 401}
    assert_not_recorded("todo.mark_done")


def test_what_the_database_refuses_later_is_a_fault_of_the_action(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        raise DataError("too long")

    declare(perform)
    serve()

    assert send(api, f"/things/{todo.pk}/actions/poke/").status_code == 500
