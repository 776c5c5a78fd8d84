"""The pages for the developer who runs the server."""

from __future__ import annotations

import html
import re
from typing import Any

import jwt
import pytest
from django.test import Client
from pytest_django import Settings

from tests.integration.stream.server.calls import API_SECRET, FEED, Caller

pytestmark = pytest.mark.django_db

ATTACK = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _enabled(settings: Settings) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "BROWSER": True}


def read(path: str, status: int = 200) -> str:
    response = Client().get(f"/browser/{path}")
    assert response.status_code == status
    assert "default-src 'none'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert page.count("<h1>") == page.count("<main>") == 1
    return page


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


def add(call: Caller, feed: str = "user/eric", **fields: Any) -> dict[str, Any]:
    return call("POST", f"feed/{feed}/", {"actor": "ann", "verb": "like", "object": "o", **fields})


@pytest.mark.parametrize("path", ["", "feeds/user/1/", "tokens/?user_id=1"])
def test_without_debug_there_are_no_pages(settings: Settings, path: str) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "BROWSER": False}
    assert Client().get(f"/browser/{path}").status_code == 404

    settings.FEEDS_SERVER = {key: settings.FEEDS_SERVER[key] for key in ("API_KEY", "API_SECRET")}
    assert Client().get(f"/browser/{path}").status_code == 404
    settings.DEBUG = True
    assert Client().get(f"/browser/{path}").status_code == 200


def test_an_empty_server_says_so() -> None:
    page = read("")

    assert "no feeds" in page
    assert "timeline_aggregated" in page
    assert "{{ verb }}_{{ time.strftime" in html.unescape(page)


def test_feeds_are_listed_and_filtered(call: Caller) -> None:
    for name in ("user/eric", "user/jane", "notification/eric"):
        add(call, name)
    assert [link for link in links(read("")) if "/feeds/" in link] == [
        "/browser/feeds/notification/eric/",
        "/browser/feeds/user/eric/",
        "/browser/feeds/user/jane/",
    ]
    assert "notification:eric" not in read("?prefix=user:")
    assert "start with nothing" in read("?prefix=nothing")


def test_many_feeds_are_paged(call: Caller) -> None:
    call(
        "POST",
        "feed/add_to_many/",
        {
            "activity": {"actor": "a", "verb": "v", "object": "o"},
            "feeds": [f"flat:{number:03}" for number in range(150)],
        },
    )
    first = read("?prefix=flat:")
    (more,) = [link for link in links(first) if "after=" in link]
    second = read(more)

    assert "flat:099" in first
    assert "flat:100" not in first
    assert "flat:149" in second
    assert "after=" not in second


def test_a_feed_shows_its_activities_as_json(call: Caller) -> None:
    added = add(call, title=ATTACK, verb="finish")
    page = read("feeds/user/eric/")

    assert "ann finish o" in page
    assert ATTACK not in page
    assert html.escape(ATTACK) in page
    assert f'"id": "{added["id"]}"' in html.unescape(page)
    assert "No feed" in page
    assert "no activities" in read("feeds/user/nobody/")


def test_older_activities_are_a_page_away(call: Caller) -> None:
    items = [{"actor": "a", "verb": "v", "object": f"o{number}"} for number in range(30)]
    call("POST", FEED, {"activities": items})
    first = read("feeds/user/eric/")
    (older,) = [link for link in links(first) if "id_lt" in link]

    assert "o29" in first
    assert "a v o4<" not in first
    assert "a v o4<" in read(f"feeds/user/eric/{older}")


def test_follows_are_listed(call: Caller) -> None:
    call("POST", "feed/timeline/ann/follows/", {"target": "user:eric"})

    assert "timeline:ann" in read("feeds/user/eric/")
    assert "user:eric" in read("feeds/timeline/ann/")


def test_the_groups_of_a_notification_feed_show_their_marks(call: Caller) -> None:
    add(call, "notification/eric")
    assert "unseen, unread" in read("feeds/notification/eric/")

    call("GET", "feed/notification/eric/", query={"mark_seen": "true"})
    assert "seen, unread" in read("feeds/notification/eric/")


def test_an_activity_links_to_its_feeds(call: Caller) -> None:
    added = add(call, to=["notification:jane"])
    page = read(f"activities/{added['id']}/")

    assert {"/browser/feeds/user/eric/", "/browser/feeds/notification/jane/"} <= set(links(page))
    path = "/browser/activities/78e55940-17a1-11f1-8080-80007a4a3a1b/"
    assert Client().get(path).status_code == 404


def test_tokens_work(call: Caller) -> None:
    page = read("tokens/?user_id=eric&feed=user:eric")
    claims = [
        jwt.decode(token, API_SECRET, algorithms=["HS256"])
        for token in re.findall(r"<pre>([^<]+)</pre>", page)
    ]

    assert claims == [
        {"user_id": "eric"},
        {"resource": "*", "action": "read", "feed_id": "usereric"},
        {"resource": "*", "action": "*", "feed_id": "usereric"},
    ]
    add(call)
    assert len(call("GET", FEED, claims=claims[0])["results"]) == 1
    assert len(call("GET", FEED, claims=claims[1])["results"]) == 1


def test_errors_are_pages() -> None:
    assert "GROUPS" in read("feeds/nowhere/1/", 400)
    assert "user id" in read("tokens/?feed=user:a%20b", 400)
    assert "must be an activity id" in read("feeds/user/1/?id_lt=x", 400)


def test_pages_are_only_read() -> None:
    assert Client().post("/browser/tokens/", {"user_id": "1"}).status_code == 405


def test_a_foreign_name_of_the_server_gets_no_tokens() -> None:
    response = Client(headers={"Host": "attacker.example"}).get("/browser/tokens/?user_id=1")

    assert response.status_code == 400
