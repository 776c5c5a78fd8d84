"""Bodies that are malformed, too large or of a wrong type are refused, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.integration.rest.todo_calls import BULK, UNTOUCHED, post, post_raw, trace, url_of

pytestmark = pytest.mark.django_db

UNSTORABLE = [
    "Null characters, lone surrogates, infinite numbers and deep nesting are not allowed."
]


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
