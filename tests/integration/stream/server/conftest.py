"""The server's settings, the real clients, and a caller that can send invalid requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stream
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.integration.stream.server.calls import API_KEY, API_SECRET, Caller


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.integration.stream.server.urls"
    settings.FEEDS_SERVER = {
        "API_KEY": API_KEY,
        "API_SECRET": API_SECRET,
        "GROUPS": {"team": "flat", "todo": "flat"},
    }


@pytest.fixture
def connect(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """Return `stream.connect` for the live server; the clients are closed after the test."""
    # Each of these makes the client ignore its base URL.
    for name in ("LOCAL", "STREAM_URL", "STREAM_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "localhost")
    opened = []

    def connect(api_key: str = API_KEY, api_secret: str = API_SECRET, **options: Any) -> Any:
        base_url = f"http://localhost:{live_server.thread.port}"
        client = stream.connect(api_key, api_secret, base_url=base_url, timeout=30, **options)
        opened.append(client)
        return client

    yield connect
    for client in opened:
        if session := getattr(client, "session", None):
            session.close()


@pytest.fixture
def stream_client(connect: Callable[..., Any]) -> Any:
    """The real stream-python client, connected to the live server."""
    return connect()


@pytest.fixture
def call() -> Caller:
    """A caller of the API, without a network."""
    return Caller()
