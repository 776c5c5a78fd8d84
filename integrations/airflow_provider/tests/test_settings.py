"""The connection: what it is made of, and what is said about what is wrong."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from dj_actions_airflow_provider.errors import InvalidConnection
from dj_actions_airflow_provider.settings import Settings


def connection(extra: object = None, **changes: Any) -> SimpleNamespace:
    """Return what Airflow passes on, with changes."""
    own = {"conn_id": "todos", "host": "https://todos.example.com/", "password": "dja_made_up"}
    extra = extra if isinstance(extra, str) else json.dumps(extra or {})
    parts = {"schema": None, "port": None, "extra": extra}
    return SimpleNamespace(**{**own, **parts, **changes})


def test_the_defaults_need_only_a_host_and_a_token() -> None:
    settings = Settings.of(connection())

    assert settings == Settings(base_url="https://todos.example.com", token="dja_made_up")
    assert settings.url("/todos/") == "https://todos.example.com/todos/"
    assert settings.api_url("action-events/") == "https://todos.example.com/api/action-events/"
    assert settings.event_page("1") == "https://todos.example.com/api/action-events/1/"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"host": "https://example.com/app/"}, "https://example.com/app"),
        ({"host": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000"),
        ({"host": "example.com"}, "https://example.com"),
        ({"host": "example.com", "port": 8000, "schema": "http"}, "http://example.com:8000"),
    ],
)
def test_the_host_is_a_url_or_a_name(parts: dict[str, Any], expected: str) -> None:
    assert Settings.of(connection(**parts)).base_url == expected


def test_everything_can_be_set() -> None:
    extra = {
        "paths": {"todo": "/v1/todos/"},
        "api_path": "/",
        "event_url": "https://admin.example.com/events/{event}/",
        "hint_secret": "made up",
        "timeout": 3,
        "ca_cert": "/etc/ssl/own.pem",
        "auth_scheme": "Token",
    }
    settings = Settings.of(connection(extra))

    assert (settings.timeout, settings.ca_cert, settings.auth_scheme) == (
        3.0,
        "/etc/ssl/own.pem",
        "Token",
    )
    assert settings.api_url("action-events/") == "https://todos.example.com/action-events/"
    assert settings.event_page("7") == "https://admin.example.com/events/7/"


def test_what_a_form_leaves_empty_is_the_default() -> None:
    empty = {"paths": None, "api_path": "", "timeout": None, "auth_scheme": ""}

    assert Settings.of(connection(empty)) == Settings.of(connection())


def test_a_form_may_store_objects_as_text() -> None:
    settings = Settings.of(connection({"paths": '{"todo": "/todos/"}', "timeout": "2.5"}))

    assert settings.paths == {"todo": "/todos/"}
    assert settings.timeout == 2.5


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings.of(connection({"hint_secret": "sesame"})))

    assert "dja_made_up" not in shown
    assert "sesame" not in shown


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (connection(host=""), "has no host. Set it to the URL"),
        (connection(host="ftp://example.com"), "is not a URL of http or https"),
        (connection(host="https://ann:x@example.com"), "without credentials"),
        (connection(host="https://example.com?a=1"), "may not have a query"),
        (connection(password=None), "has no token. Set its password"),
        (connection(password="tökén"), "is not printable ASCII"),
        (connection("[]"), "is not a JSON object"),
        (connection("{"), "is not a JSON object"),
        (connection({"path": {}}), "unknown extra 'path'. Did you mean 'paths'?"),
        (connection({"xyz": 1}), "unknown extra 'xyz'. Known are api_path, auth_scheme"),
        (connection({"paths": []}), "paths of connection 'todos' are not a JSON object"),
        (connection({"paths": {"todo": 7}}), "paths of connection 'todos' are not a JSON object"),
        (connection({"paths": "{"}), "paths of connection 'todos' are not a JSON object"),
        (connection({"timeout": 0}), "is 0, not a number of seconds above 0"),
        (connection({"timeout": "soon"}), "is 'soon', not a number of seconds above 0"),
        (connection({"timeout": True}), "is True, not a number of seconds above 0"),
        (connection({"ca_cert": 1}), "ca_cert of connection 'todos' is 1, not a string"),
    ],
)
def test_what_is_wrong_is_named(wrong: SimpleNamespace, message: str) -> None:
    with pytest.raises(InvalidConnection) as caught:
        Settings.of(wrong)

    assert message in str(caught.value)
    assert "dja_made_up" not in str(caught.value)
