"""manage.py stream_groups: which groups the settings imply, and which exist."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from dj_actions_stream import Activity, Effect
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dj_actions.messages import Message
from dj_actions.publishers import publishers
from tests.fixtures.scripted_server import Answer, Request, ScriptedServer, as_json

Configure = Callable[..., None]

SECRET = "secret-of-more-than-32-bytes-for-tests"


class ToTeam(Activity):
    """Goes to a team as well."""

    to = ("team:{data.team_id}",)


def mapper(message: Message, default: Effect) -> Effect:
    """Change nothing."""
    return default


def serve_group(request: Request) -> Answer:
    """Respond as Stream does to a feed that is read: the group `todo` does not exist."""
    if "/feed/todo/" in request.path:
        refused = {"detail": "no such group", "code": 6, "exception": "FeedConfigException"}
        return as_json({**refused, "status_code": 400, "duration": "1ms"}, 400)
    return as_json({"results": [], "next": "", "duration": "1ms"})


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Configure a publisher with options and routes."""

    def configure(routes: Any = ("todo.*",), **options: Any) -> None:
        entry = {
            "BACKEND": "dj_actions_stream.StreamPublisher",
            "OPTIONS": {"api_key": "key", "api_secret": SECRET, **options},
            "ROUTES": routes if isinstance(routes, dict) else list(routes),
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
        publishers.reset()

    return configure


def groups(*arguments: str) -> dict[str, list[str]]:
    out = StringIO()
    call_command("stream_groups", *arguments, "--json", stdout=out, stderr=StringIO())
    return {entry["group"]: entry["sources"] for entry in json.loads(out.getvalue())}


def test_groups_of_options_routes_and_declarations_are_found(configure: Configure) -> None:
    configure(
        routes={"todo.mark_done": {"feed": "done:{object}"}, "todo.*": {}},
        feed=["user:{actor}", "{resource}:{object}"],
        to=["log:all"],
        activity={"todo.hand_over": ToTeam},
    )

    assert groups("--offline") == {
        "done": ['ROUTES "todo.mark_done" feed'],
        "log": ["OPTIONS to"],
        "team": ["ToTeam.to"],
        "todo": ["OPTIONS feed"],
        "user": ["OPTIONS feed"],
    }


def test_the_name_of_the_action_may_be_a_group(configure: Configure) -> None:
    configure(routes=["todo.mark_done", "todo.hand_over"], feed="{action}:all")

    assert sorted(groups("--offline")) == ["hand_over", "mark_done"]


def test_a_function_is_reported_as_unknown(configure: Configure) -> None:
    configure(routes=["todo.mark_done"], activity=mapper)
    err = StringIO()
    call_command("stream_groups", "--offline", stdout=StringIO(), stderr=err)

    assert "todo.mark_done: activity is a function" in err.getvalue()


def test_groups_that_do_not_exist_are_an_error(
    configure: Configure, direct_connections: None
) -> None:
    out = StringIO()
    with ScriptedServer(serve_group) as server:
        configure(feed=["user:{actor}", "todo:{object}"], base_url=server.url)
        with pytest.raises(CommandError, match="Missing: todo"):
            call_command("stream_groups", stdout=out)
        publishers["feeds"].close()

    assert out.getvalue().splitlines() == [
        "feeds  todo  missing  (OPTIONS feed)",
        "feeds  user  exists  (OPTIONS feed)",
    ]


def test_an_invalid_template_is_reported(configure: Configure) -> None:
    configure(feed="us er:{actor}")

    with pytest.raises(CommandError, match=r"us er.*manage\.py check"):
        groups("--offline")


def test_without_a_publisher_there_is_nothing_to_print(settings: Settings) -> None:
    with pytest.raises(CommandError, match="no publisher to activity feeds"):
        groups("--offline")
    with pytest.raises(CommandError, match="'memory' is not a publisher to activity feeds"):
        groups("--publisher", "memory")
