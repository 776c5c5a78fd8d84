"""A project that reads feeds from a server in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dj_actions.publishers import publishers
from example.todos.models import Todo
from tests.conftest import MakeUser
from tests.fixtures.scripted_server import ScriptedServer
from tests.integration.stream.feeds.stream_feeds import StreamFeeds

API_SECRET = "feeds-secret-of-more-than-32-bytes"


def todos_seen_by(user: User) -> QuerySet[Todo]:
    """Return the todos that a user may see: their own."""
    return Todo.objects.filter(owner=user.pk)


@contextmanager
def feeds_server_at(live_server: LiveServer, settings: Settings, **options: Any) -> Iterator[None]:
    """Serve feeds on the live server, publish to it, and read from it.

    Args:
        live_server: the server of the test.
        settings: the settings of the test.
        options: further OPTIONS of the publisher.
    """
    settings.ROOT_URLCONF = "tests.integration.stream.feeds.server_urls"
    settings.FEEDS_SERVER = {"API_KEY": "key", "API_SECRET": API_SECRET}
    access = {"api_key": "key", "api_secret": API_SECRET, "base_url": live_server.url}
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            "feeds": {
                "BACKEND": "dj_actions_stream.StreamPublisher",
                "OPTIONS": {**access, "timeout": 30, **options},
                "ROUTES": ["todo.*"],
            }
        }
    }
    publisher = publishers["feeds"]
    yield
    publisher.close()


@pytest.fixture
def stream() -> StreamFeeds:
    """The feeds of the server."""
    return StreamFeeds()


@pytest.fixture
def server(
    stream: StreamFeeds, settings: Settings, direct_connections: None
) -> Iterator[ScriptedServer]:
    """The server, which the project reads from."""
    with ScriptedServer(stream) as server:
        options = {"api_key": "key", "api_secret": API_SECRET, "base_url": server.url}
        settings.DJ_ACTIONS = {
            "PUBLISHERS": {
                "feeds": {"BACKEND": "dj_actions_stream.StreamPublisher", "OPTIONS": options}
            }
        }
        settings.ROOT_URLCONF = "tests.integration.stream.feeds.urls"
        publisher = publishers["feeds"]
        yield server
        publisher.close()


@pytest.fixture
def ann(make_user: MakeUser) -> User:
    """The first user, as the activities have it."""
    return make_user("ann", pk=1)


@pytest.fixture
def bob(make_user: MakeUser) -> User:
    """Another user."""
    return make_user("bob", pk=2)


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    """A superuser."""
    return make_user("admin", pk=3, is_staff=True, is_superuser=True)
