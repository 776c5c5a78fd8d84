"""The client's request URLs and timeouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from dj_actions_stream.v2.client import FeedsClient

Connect = Callable[..., FeedsClient]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Return a factory of clients, which are closed after the test."""
    monkeypatch.delenv("LOCAL", raising=False)
    made = []

    def connect(base_url: str | None = None, location: str | None = None) -> FeedsClient:
        client = FeedsClient(
            "key", "s" * 32, base_url=base_url, location=location, timeouts=(1.0, 2.0)
        )
        made.append(client)
        return client

    yield connect
    for client in made:
        client.session.close()


@pytest.mark.parametrize(
    "base_url",
    [
        "http://localhost:9000",
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
        "http://feeds:9000",
        "http://feeds",
        "https://stream.example.com",
        "https://stream.example.com:8443",
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_another_server_is_addressed_as_it_was_given(
    connect: Connect, base_url: str, slash: str
) -> None:
    url = connect(base_url + slash).get_full_url("api", "feed/user/1/")

    assert url == f"{base_url}/api/v1.0/feed/user/1/"


@pytest.mark.parametrize("value", ["0", "1", "false"])
def test_the_variable_local_does_not_change_the_address_or_the_timeouts(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("LOCAL", value)
    client = connect("http://feeds:9000")

    assert client.get_full_url("api", "x/") == "http://feeds:9000/api/v1.0/x/"
    assert client.timeout == (1.0, 2.0)


@pytest.mark.parametrize(
    ("location", "host"),
    [(None, "api.stream-io-api.com"), ("us-east", "us-east-api.stream-io-api.com")],
)
@pytest.mark.parametrize("local", ["", "1"])
def test_without_an_address_it_is_streams_own(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, location: str | None, host: str, local: str
) -> None:
    monkeypatch.setenv("LOCAL", local)

    url = connect(location=location).get_full_url("api", "feed/user/1/")

    assert url == f"https://{host}/api/v1.0/feed/user/1/"
