"""Several apps of Stream are several aliases, each with credentials and feeds of its own."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from dj_actions.publishers import publishers
from dj_actions.testing import drain
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.fixtures.scripted_server import Answer, Request, ScriptedServer, as_json

SECRET = "{}-secret-of-more-than-32-bytes-in-all"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("direct_connections")
def test_each_app_gets_the_activity_with_its_own_key(
    settings: Settings, ann: User, todo: Todo
) -> None:
    added: list[tuple[str, str]] = []

    def add(request: Request) -> Answer:
        added.append((request.query["api_key"][0], request.path))
        return as_json({**request.body, "id": "activity", "duration": "1ms"}, 201)

    with ScriptedServer(add) as server:
        settings.DJ_ACTIONS = {
            "PUBLISHERS": {
                alias: {
                    "BACKEND": "dj_actions_stream.StreamPublisher",
                    "OPTIONS": {
                        "api_key": f"key-of-{alias}",
                        "api_secret": SECRET.format(alias),
                        "base_url": server.url,
                        "feed": feed,
                    },
                    "ROUTES": ["todo.*"],
                }
                for alias, feed in {"site": "user:{actor}", "intranet": "todo:{object}"}.items()
            }
        }
        publishers.reset()
        MarkDone.run(actor=ann, object=todo)
        drain()
        publishers.reset()

    assert sorted(added) == [
        ("key-of-intranet", f"/api/v1.0/feed/todo/{todo.pk}/"),
        ("key-of-site", f"/api/v1.0/feed/user/{ann.pk}/"),
    ]
