"""Open graph data from the settings, and the endpoints that are accepted without an effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from dj_actions_stream.server.views.open_graph import check_open_graph
from django.test import Client
from pytest_django import Settings
from stream import exceptions

from tests.integration.stream.server.calls import API_KEY, EVERYTHING, Caller, token

URL = "https://example.com/post"
HTML = """<!doctype html>
<html><head>
<title>Plain title</title>
<meta name="description" content="Plain description">
<link rel="shortcut icon" href="/favicon.ico">
<meta property="og:title" content="Milk &amp; honey">
<meta property="og:type" content="article"/>
<meta property="og:image" content="https://example.com/1.png">
<meta property="og:image:width" content="400">
<meta property="og:image:alt" content="One">
<meta property="og:image" content="https://example.com/2.png">
<meta property="og:video:url" content="https://example.com/v.mp4">
</head><body><title>Not this one</title></body></html>"""
FIELDS = {"title": "Example", "description": "A page", "images": [{"image": "https://x/1.png"}]}


@pytest.fixture(autouse=True)
def _pages(settings: Settings, _site: None) -> None:
    settings.FEEDS_SERVER["OPEN_GRAPH"] = {URL: HTML, "https://example.com/": FIELDS}


def without_duration(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "duration"}


def test_a_page_is_read(stream_client: Any) -> None:
    assert without_duration(stream_client.og(URL)) == {
        "original_url": URL,
        "title": "Milk & honey",
        "description": "Plain description",
        "type": "article",
        "favicon": "/favicon.ico",
        "images": [
            {"image": "https://example.com/1.png", "width": 400, "alt": "One"},
            {"image": "https://example.com/2.png"},
        ],
        "videos": [{"video": "https://example.com/v.mp4"}],
    }


def test_fields_are_returned_as_they_are(stream_client: Any) -> None:
    url = "https://example.com/"

    assert without_duration(stream_client.og(url)) == {"original_url": url, **FIELDS}


def test_there_are_samples_without_a_setting(stream_client: Any, settings: Settings) -> None:
    del settings.FEEDS_SERVER["OPEN_GRAPH"]
    found = without_duration(stream_client.og("https://example.com"))

    assert found.keys() == {"original_url", "title", "description", "favicon", "images"}
    assert "has not read this page" in found["description"]


def test_a_page_that_the_settings_do_not_contain(
    stream_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(exceptions.InputException, match="couldn't find og data"):
        stream_client.og("https://example.com/other")

    assert "Set FEEDS_SERVER['OPEN_GRAPH']['https://example.com/other']" in caplog.text


@pytest.mark.django_db
def test_the_error_has_the_fields_of_the_hosted_service(call: Caller) -> None:
    document = call("GET", "og/", query={"url": "https://example.com/x"}, claims={"user_id": "a"})

    assert without_duration(document) == {
        "detail": "couldn't find og data for the provided url",
        "status_code": 400,
        "code": 4,
        "exception": "InputException",
        "more_info": "https://getstream.io/docs/api_error_responses",
    }
    assert list(call("GET", "og/")["exception_fields"]) == ["url"]


@pytest.mark.parametrize(
    ("pages", "number"),
    [({}, 0), ({URL: HTML}, 0), ({URL: FIELDS}, 0), ([], 1), ({URL: 1, 2: HTML}, 2)],
)
def test_the_check_reports_wrong_pages(settings: Settings, pages: Any, number: int) -> None:
    settings.FEEDS_SERVER["OPEN_GRAPH"] = pages

    messages = list(check_open_graph())
    assert [message.id for message in messages] == ["feeds_server.E010"] * number


def test_analytics_are_accepted(stream_client: Any) -> None:
    engagement = {"content": "1", "label": "click", "user_data": {"id": "ann", "alias": "Ann"}}
    impression = {"content_list": ["1", "2"], "user_data": {"id": "ann", "alias": "Ann"}}

    stream_client.track_engagements([engagement])
    stream_client.track_impressions([impression])


def test_personalization_is_accepted(stream_client: Any) -> None:
    personalization = stream_client.personalization

    assert personalization.get("follow_recommendations", user_id="ann")["results"] == []
    assert without_duration(personalization.post("meta", data={"a": 1})) == {}
    assert without_duration(personalization.delete("meta", ids="1")) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "status"),
    [({}, 200), ({"user_id": "ann"}, 200), ({"user_id": "bob"}, 403), ({"endpoint": "x"}, 404)],
)
def test_the_personalized_feed_is_empty(call: Caller, query: dict[str, str], status: int) -> None:
    path = "enrich/personalization/feed/"
    answer = call("GET", path, claims={"user_id": "ann"}, query=query)

    assert call.status == status
    assert answer.get("results", []) == []


def test_the_asynchronous_client(connect: Callable[..., Any]) -> None:
    asyncio.run(use_asynchronously(connect))


async def use_asynchronously(connect: Callable[..., Any]) -> None:
    client = connect(use_async=True)
    assert (await client.og(URL))["title"] == "Milk & honey"
    await client.track_engagements([{"content": "1", "label": "click"}])
    await client.track_impressions([{"content_list": ["1"]}])
    assert (await client.personalization.get("follow_recommendations"))["results"] == []
    await client.personalization.delete("meta", ids="1")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("engagement/", {"content_list": []}, 201),
        ("engagement/", {}, 400),
        ("engagement/", [], 400),
        ("impression/", [], 201),
        ("impression/", {}, 400),
        ("other/", {}, 404),
    ],
)
def test_malformed_events(path: str, body: Any, status: int) -> None:
    response = Client().post(
        f"/analytics/v1.0/{path}?api_key={API_KEY}",
        body,
        content_type="application/json",
        headers={"Authorization": token(EVERYTHING), "stream-auth-type": "jwt"},
    )
    assert response.status_code == status
    assert response.json()["duration"].endswith("ms")
