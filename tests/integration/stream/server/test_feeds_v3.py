"""A client of Feeds v3 gets an error that it can read: the server implements Feeds v2 only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from getstream import Stream, StreamApiException
from pytest_django.live_server_helper import LiveServer

from tests.integration.stream.server.calls import API_KEY, API_SECRET


@pytest.fixture
def client(live_server: LiveServer) -> Iterator[Any]:
    """The real client of Feeds v3, connected to the live server."""
    url = f"http://localhost:{live_server.thread.port}/"
    client = Stream(API_KEY, API_SECRET, base_url=url)
    yield client
    client.close()


@pytest.mark.parametrize(
    "request_",
    [
        lambda feeds: feeds.get_or_create_feed("user", "ann"),
        lambda feeds: feeds.add_activity(type="add", feeds=["user:ann"], user_id="ann"),
        lambda feeds: feeds.delete_activity("1"),
        lambda feeds: feeds.list_feed_groups(),
    ],
)
def test_the_error_says_what_to_use(client: Any, request_: Callable[[Any], Any]) -> None:
    with pytest.raises(StreamApiException) as caught:
        request_(client.feeds)

    assert (caught.value.status_code, caught.value.code) == (404, 16)
    assert "This server implements Feeds v2 only" in caught.value.message
    assert caught.value.unrecoverable


def test_a_client_of_v2_can_read_it_too(live_server: LiveServer) -> None:
    url = f"http://localhost:{live_server.thread.port}/api/v2/feeds/activities"
    answer = requests.get(url, timeout=30).json()

    assert (answer["status_code"], answer["exception"]) == (404, "DoesNotExistException")
    assert answer["detail"] == answer["message"]
