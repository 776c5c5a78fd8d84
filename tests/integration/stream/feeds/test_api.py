"""The API of feeds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from tests.conftest import ClientOf, MakeTodo
from tests.fixtures.scripted_server import ScriptedServer, as_json, as_page
from tests.integration.stream.feeds.conftest import API_SECRET
from tests.integration.stream.feeds.stream_feeds import (
    StreamFeeds,
    activity_id,
    make_activity,
    make_group,
)

pytestmark = pytest.mark.usefixtures("server")


def test_a_feed_is_read_page_by_page(stream: StreamFeeds, api: APIClient) -> None:
    stream.entries["user:1"] = [make_activity(number) for number in (3, 2, 1)]
    first = api.get("/api/feeds/user/me/", {"limit": 2}).json()

    assert first["feed"] == "user:1"
    assert [entry["id"] for entry in first["activities"]] == [activity_id(3), activity_id(2)]
    url = urlsplit(first["next"])
    assert url.scheme == "http"
    second = api.get(f"{url.path}?{url.query}").json()
    assert [entry["id"] for entry in second["activities"]] == [activity_id(1)]
    assert second["next"] == ""


def test_an_activity_says_what_is_known_of_its_object(
    stream: StreamFeeds, api: APIClient, make_todo: MakeTodo
) -> None:
    todo = make_todo()
    stream.entries["user:1"] = [
        make_activity(2, object=f"todo:{todo.pk}"),
        make_activity(1, object="todo:404"),
    ]
    found, missing = api.get("/api/feeds/user/1/").json()["activities"]

    assert found["time"] == "2026-03-02T12:00:00Z"
    assert found["object"] == {
        "reference": f"todo:{todo.pk}",
        "label": "Buy milk",
        "url": f"/todos/{todo.pk}/",
        "is_missing": False,
    }
    assert missing["object"]["is_missing"]


class NoteSerializer(serializers.Serializer[Any]):
    """What the project shows of a finished todo."""

    note = serializers.CharField(source="data.note")
    address = serializers.SerializerMethodField()

    def get_address(self, _: Any) -> str:
        """Return an absolute URL, which needs the request."""
        return str(self.context["request"].build_absolute_uri("/todos/"))


def test_a_verb_has_a_serializer_of_its_own(
    stream: StreamFeeds, api: APIClient, settings: Settings
) -> None:
    settings.DJ_ACTIONS_FEEDS = {"SERIALIZERS": {"todo.complete": f"{__name__}.NoteSerializer"}}
    stream.entries["user:1"] = [
        make_activity(2, note="as agreed"),
        make_activity(1, verb="reopen", note="internal"),
    ]
    stream.entries["notification:1"] = [
        make_group(1, make_activity(1, note="in a group"), is_seen=True, is_read=True)
    ]

    own, other = api.get("/api/feeds/user/1/").json()["activities"]
    assert own["details"] == {"note": "as agreed", "address": "http://testserver/todos/"}
    assert other["details"] == {}
    (group,) = api.get("/api/feeds/notification/me/").json()["groups"]
    assert group["activities"][0]["details"]["note"] == "in a group"


def test_an_activity_that_its_serializer_cannot_show_has_no_details(
    stream: StreamFeeds,
    api: APIClient,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJ_ACTIONS_FEEDS = {"SERIALIZERS": {"todo.complete": NoteSerializer}}
    stream.entries["user:1"] = [make_activity(2), make_activity(1, note="as agreed")]

    bad, good = api.get("/api/feeds/user/1/").json()["activities"]
    assert (bad["details"], good["details"]["note"]) == ({}, "as agreed")
    assert f"NoteSerializer cannot show the activity {bad['id']}" in caplog.text


def test_a_notification_feed_is_marked(stream: StreamFeeds, api: APIClient) -> None:
    groups = [
        make_group(number, make_activity(number), is_seen=False, is_read=False) for number in (2, 1)
    ]
    stream.entries["notification:1"] = groups
    marked = api.post("/api/feeds/notification/me/read/", {"ids": [groups[0]["id"]]}, "json")
    assert marked.status_code == 204
    assert api.post("/api/feeds/notification/me/seen/").status_code == 204
    page = api.get("/api/feeds/notification/me/").json()

    assert (page["unseen"], page["unread"]) == (0, 1)
    assert [group["is_read"] for group in page["groups"]] == [True, False]


def test_follows(stream: StreamFeeds, api: APIClient, client_of: ClientOf, bob: User) -> None:
    followed = api.post("/api/feeds/timeline/me/follows/", {"target": "user:2"}, "json")
    assert (followed.status_code, followed.json()) == (
        201,
        {"source": "timeline:1", "target": "user:2"},
    )
    entry = {"source": "timeline:1", "target": "user:2"}
    assert api.get("/api/feeds/timeline/me/follows/").json() == [entry]
    assert client_of(bob).get("/api/feeds/user/me/followers/", {"limit": 5}).json() == [entry]
    assert api.delete("/api/feeds/timeline/me/follows/user:2/").status_code == 204
    assert stream.follows == []


def test_tokens(api: APIClient) -> None:
    own = api.post("/api/feeds/token/")
    assert own["Cache-Control"] == "no-store"
    document = own.json()
    assert (document["user_id"], document["api_key"]) == ("1", "key")
    assert jwt.decode(document["token"], API_SECRET, algorithms=["HS256"])["user_id"] == "1"
    other = api.post("/api/feeds/token/", {"feed": "user:2"}, "json").json()["token"]
    assert jwt.decode(other, API_SECRET, algorithms=["HS256"])["feed_id"] == "user2"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "notification/2/", 403),
        ("get", "unknown/1/", 404),
        ("get", "user/a b/", 404),
        ("get", "user/1/?limit=0", 400),
        ("get", "user/1/?limit=x", 400),
        ("get", "user/1/?before=a%20b", 400),
        ("get", "user/1/?befor=1", 400),
        ("post", "notification/2/seen/", 403),
        ("post", "timeline/2/follows/", 400),
        ("get", "timeline/2/follows/", 403),
        ("get", "timeline/me/follows/?offset=401", 400),
        ("delete", "timeline/2/follows/user:1/", 403),
        ("delete", "timeline/me/follows/nonsense/", 404),
        ("put", "user/1/", 405),
    ],
)
def test_refusals(
    server: ScriptedServer, api: APIClient, method: str, path: str, status: int
) -> None:
    response = getattr(api, method)(f"/api/feeds/{path}")

    assert response.status_code == status, response.content
    assert server.requests == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("timeline/me/follows/", {"target": "user:2", "limit": 1}),
        ("notification/me/seen/", {"id": "1"}),
        ("notification/me/seen/", {"ids": "1"}),
        ("notification/me/seen/", {"ids": ["1"] * 101}),
        ("token/", {"user": "2"}),
    ],
)
def test_a_name_that_is_unknown_is_refused(
    server: ScriptedServer, api: APIClient, path: str, body: dict[str, Any]
) -> None:
    assert api.post(f"/api/feeds/{path}", body, "json").status_code == 400
    assert server.requests == []


@pytest.mark.parametrize("path", ["user/1/", "notification/me/", "timeline/1/follows/"])
def test_without_a_login_there_is_nothing(db: None, client_of: ClientOf, path: str) -> None:
    assert client_of(None).get(f"/api/feeds/{path}").status_code == 401


def test_a_project_may_have_no_anonymous_user(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(api_settings, "UNAUTHENTICATED_USER", None)
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"news": "dj_actions_stream.feeds.rules.everyone"}}
    client = APIClient()

    assert client.get("/api/feeds/news/all/").status_code == 200
    assert client.get("/api/feeds/user/1/").status_code == 401


def test_an_outage_is_a_503(server: ScriptedServer, api: APIClient) -> None:
    server.script(as_page(503), as_json({}, 429, retry_after="7"))
    first, second = (api.get("/api/feeds/user/1/") for _ in range(2))

    assert (first.status_code, first.get("Retry-After")) == (503, None)
    assert (second.status_code, second["Retry-After"]) == (503, "7")
    assert "stream" not in first.content.decode().lower()


def test_the_api_is_described(client_of: ClientOf, admin: User) -> None:
    response = client_of(admin).get("/api/schema/", {"format": "json"})
    described = response.json()["paths"]
    paths = {path: entry for path, entry in described.items() if path.startswith("/api/feeds/")}

    assert sorted(paths) == [
        "/api/feeds/token/",
        "/api/feeds/{group}/{feed_id}/",
        "/api/feeds/{group}/{feed_id}/followers/",
        "/api/feeds/{group}/{feed_id}/follows/",
        "/api/feeds/{group}/{feed_id}/follows/{target}/",
        "/api/feeds/{group}/{feed_id}/read/",
        "/api/feeds/{group}/{feed_id}/seen/",
    ]
    read = paths["/api/feeds/{group}/{feed_id}/"]["get"]
    parameters = {entry["name"] for entry in read["parameters"]}
    assert parameters == {"group", "feed_id", "before", "at", "limit"}
    assert read["responses"].keys() == {"200"}
