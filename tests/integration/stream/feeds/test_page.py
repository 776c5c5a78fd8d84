"""The page of a feed, the template tags, and Atom: without JavaScript."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from dj_actions.states import DeliveryState
from tests.conftest import MakeDelivery, MakeEvent, MakeTodo
from tests.fixtures.scripted_server import ScriptedServer, as_json, as_page
from tests.integration.stream.feeds.stream_feeds import (
    StreamFeeds,
    activity_id,
    make_activity,
    make_group,
)

pytestmark = pytest.mark.usefixtures("server")

ATOM = "{http://www.w3.org/2005/Atom}"

VOID = frozenset({"meta", "link", "input", "br"})


class Page(HTMLParser):
    """A page, as a program without JavaScript reads it: its elements, in order, well nested."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(content.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            self.texts.setdefault(tag, []).append(data)

    def text(self, tag: str) -> str:
        """Return the text in all elements with this name."""
        return " ".join("".join(self.texts.get(tag, [])).split())

    def find(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements with this name and these attributes."""
        return [
            found
            for name, found in self.elements
            if name == tag and attributes.items() <= found.items()
        ]


@pytest.fixture
def client(ann: User) -> Client:
    """The browser of ann."""
    client = Client()
    client.force_login(ann)
    return client


def page_of(client: Client, path: str, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status, response.content
    return Page(response.content)


def test_activities_are_grouped_by_day(stream: StreamFeeds, client: Client) -> None:
    stream.entries["user:1"] = [
        make_activity(3),
        make_activity(2, time="2026-03-01T13:00:00.000000"),
        make_activity(1),
    ]
    page = page_of(client, "/feeds/user/me/")

    assert page.text("h1") == "Your activity"
    assert page.text("h2") == "March 3, 2026March 1, 2026"
    assert page.text("article").count("ann finished “Buy milk”") == 3
    assert [entry["datetime"] for entry in page.find("time")] == [
        "2026-03-03T12:00:00+00:00",
        "2026-03-01T13:00:00+00:00",
        "2026-03-01T12:00:00+00:00",
    ]
    assert len(page.find("main")) == 1
    assert page.find("script") == []


def test_a_page_links_to_the_older_one_and_back(stream: StreamFeeds, client: Client) -> None:
    stream.entries["user:1"] = [make_activity(number) for number in (3, 2, 1)]
    first = page_of(client, "/feeds/user/1/?limit=2")
    (older,) = first.find("a", rel="next")
    second = page_of(client, f"/feeds/user/1/{older['href']}")

    assert [entry["id"] for entry in second.find("article")] == [f"entry-{activity_id(1)}"]
    assert second.find("a", rel="next") == []
    assert second.find("a", href="/feeds/user/1/") != []


def test_what_others_wrote_is_escaped(stream: StreamFeeds, client: Client) -> None:
    attack = "<script>alert(1)</script>"
    stream.entries["user:1"] = [
        make_activity(
            2, summary=attack, id=f'1"{attack}', verb="../../admin/base", resource="../x"
        ),
        make_activity(1, summary="", actor=attack, actor_label=attack, object_label=attack),
    ]
    page = page_of(client, "/feeds/user/1/")

    assert page.find("script") == []
    assert page.text("article").count(attack) >= 3


def test_a_notification_feed_shows_what_is_unread_and_marks_it(
    stream: StreamFeeds, ann: User
) -> None:
    stream.entries["notification:1"] = [
        make_group(2, make_activity(2), is_seen=False, is_read=False),
        make_group(1, make_activity(1), is_seen=True, is_read=True),
    ]
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    page = page_of(client, "/feeds/notification/me/")
    assert len(page.find("li", **{"class": "feed-unread"})) == 1
    assert "1 unseen, 1 unread" in page.text("p")

    (token,) = page.find("input", name="csrfmiddlewaretoken")
    values = {"change": "mark_read", "csrfmiddlewaretoken": token["value"]}
    response = client.post("/feeds/notification/me/", values)
    assert (response.status_code, response["Location"]) == (303, "/feeds/notification/me/")
    page = page_of(client, "/feeds/notification/me/")
    assert page.find("li", **{"class": "feed-unread"}) == []
    assert client.post("/feeds/notification/me/", {"change": "mark_seen"}).status_code == 403


def test_a_group_is_one_sentence_with_its_activities(
    stream: StreamFeeds, client: Client, settings: Settings, tmp_path: Path
) -> None:
    stream.entries["timeline_aggregated:1"] = [make_group(2, make_activity(2), make_activity(1))]
    page = page_of(client, "/feeds/timeline_aggregated/me/")
    assert "ann: complete (2 times)" in page.text("article")
    assert page.text("summary") == "2 activities"

    own = "{{ group.actors.0 }} finished {{ group.object_count }} todos"
    use_template(settings, tmp_path, "complete_group.html", own)
    assert "ann finished 2 todos" in page_of(client, "/feeds/timeline_aggregated/me/").text("p")


def use_template(settings: Settings, folder: Path, name: str, content: str) -> None:
    """Give the project a template for activities of todos."""
    path = folder / "activities/todo" / name
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [folder]}]


def test_a_project_has_its_own_template_for_an_action(
    stream: StreamFeeds,
    client: Client,
    settings: Settings,
    tmp_path: Path,
    bob: User,
    make_todo: MakeTodo,
) -> None:
    todo = make_todo()
    own = (
        "{% load stream_feeds %}{% reference activity.actor %} has done "
        "{% reference activity.object %}"
    )
    use_template(settings, tmp_path, "complete.html", own)
    stream.entries["user:1"] = [
        make_activity(2, object=f"todo:{todo.pk}", actor="user:2", actor_label="bob"),
        make_activity(1, object="todo:404"),
    ]
    page = page_of(client, "/feeds/user/1/")

    assert "bob has done Buy milk" in page.text("article")
    assert page.find("a", href="/feeds/user/2/") != []
    assert len(page.find("span", **{"class": "feed-missing"})) == 1


def test_without_a_template_the_summary_links_to_the_object(
    stream: StreamFeeds, client: Client, make_todo: MakeTodo
) -> None:
    keys = [str(make_todo(f"Todo {number}").pk) for number in range(2)]
    stream.entries["user:1"] = [
        make_activity(2, object="todo:*", object_ids=keys, summary="ann finished 2 todos"),
        make_activity(1, object=f"todo:{keys[0]}", object_ids=keys[:1]),
    ]
    page = page_of(client, "/feeds/user/1/")

    links = [entry["href"] for entry in page.find("a") if str(entry["href"]).startswith("/todos/")]
    assert links == [f"/todos/{key}/" for key in (*keys, keys[0])]
    assert page.text("article").count("ann finished") == 2


def test_the_staff_gets_links_to_the_records(
    stream: StreamFeeds,
    admin: User,
    make_event: MakeEvent,
    make_delivery: MakeDelivery,
    client: Client,
) -> None:
    event = make_event()
    run = {"receipt_id": "run-1", "receipt_url": "https://airflow.example.com/run-1"}
    settled = {"state": DeliveryState.DELIVERED, "settled_at": timezone.now()}
    attack = {"receipt_id": "2", "receipt_url": "javascript:alert(1)"}
    for publisher, receipt in {"pipelines": run, "other": attack}.items():
        make_delivery(event=event, publisher=publisher, **settled, **receipt)
    stream.entries["user:1"] = [make_activity(1, foreign_id=f"djactions:{event.pk}")]
    links = [f"/admin/dj_actions/actionevent/{event.pk}/change/", run["receipt_url"]]

    staff = Client()
    staff.force_login(admin)
    found = page_of(staff, "/feeds/user/1/").find("a", **{"class": "feed-record"})
    assert [entry["href"] for entry in found] == links
    plain = page_of(client, "/feeds/user/1/")
    assert plain.find("a", **{"class": "feed-record"}) == []


def test_the_page_of_another_user_can_be_followed(
    stream: StreamFeeds, client: Client, bob: User
) -> None:
    page = page_of(client, "/feeds/user/2/")
    assert page.text("h1") == "Activity of bob"
    assert page.find("button", value="follow") != []
    assert client.post("/feeds/user/2/", {"change": "follow"}).status_code == 303
    assert stream.follows == [("timeline:1", "user:2")]
    assert page_of(client, "/feeds/user/2/").find("button", value="unfollow") != []
    assert client.post("/feeds/user/2/", {"change": "unfollow"}).status_code == 303
    assert stream.follows == []


def test_a_page_is_shown_although_follows_are_unavailable(
    server: ScriptedServer, client: Client
) -> None:
    server.script(as_page(503), at="/follows/")
    page = page_of(client, "/feeds/user/2/")

    assert page.find("button") == []


def test_an_empty_feed_says_so(client: Client) -> None:
    assert "Nothing has happened here yet." in page_of(client, "/feeds/user/1/").text("p")


def test_an_outage_is_a_page_of_its_own(server: ScriptedServer, client: Client) -> None:
    server.script(as_json({}, 429, retry_after="6.5"), as_page(503))
    response = client.get("/feeds/user/1/")

    assert (response.status_code, response["Retry-After"]) == (503, "7")
    assert Page(response.content).text("h1") == "Activity is unavailable"
    assert client.get("/feeds/user/1/atom/").status_code == 503


def test_a_project_without_a_publisher_shows_that_feeds_are_unavailable(
    settings: Settings, client: Client
) -> None:
    settings.DJ_ACTIONS = {}

    assert page_of(client, "/feeds/user/1/", 503).text("h1") == "Activity is unavailable"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/feeds/notification/2/", 403),
        ("/feeds/unknown/2/", 404),
        ("/feeds/user/a.b/", 404),
        ("/feeds/user/1/?limit=x", 400),
        ("/feeds/user/1/?limit=101", 400),
        ("/feeds/user/1/?before=a%20b", 400),
        ("/feeds/notification/2/atom/", 403),
    ],
)
def test_refusals(server: ScriptedServer, client: Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status
    assert server.requests == []


def test_a_visitor_is_sent_to_the_login(bob: User) -> None:
    for path in ("/feeds/user/1/?limit=2", "/feeds/notification/me/"):
        response = Client().get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/auth/login/?next=/feeds/")


def test_an_unknown_button_is_refused(client: Client, server: ScriptedServer) -> None:
    assert client.post("/feeds/user/2/", {"change": "delete"}).status_code == 400
    assert server.requests == []


def test_atom(stream: StreamFeeds, client: Client, make_todo: MakeTodo) -> None:
    stream.entries["user:1"] = [
        make_activity(2, summary="a\x00\x08b & <c>", actor_label="\x0bann"),
        make_activity(1),
    ]
    response = client.get("/feeds/user/me/atom/")
    assert response["Content-Type"].startswith("application/atom+xml")
    document = ET.fromstring(response.content)  # noqa: S314 - our own
    titles = [entry.findtext(f"{ATOM}title") for entry in document.iter(f"{ATOM}entry")]
    ids = [entry.findtext(f"{ATOM}id") for entry in document.iter(f"{ATOM}entry")]

    assert titles == ["a\ufffd\ufffdb & <c>", "ann finished “Buy milk”"]
    assert ids == [f"http://testserver/feeds/user/1/#{activity_id(n)}" for n in (2, 1)]


def render(source: str, user: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user
    return Template("{% load stream_feeds %}" + source).render(Context({"request": request}))


def test_a_tag_shows_the_newest_entries_on_any_page(
    stream: StreamFeeds, server: ScriptedServer, ann: User
) -> None:
    stream.entries["user:1"] = [make_activity(number) for number in (3, 2, 1)]
    shown = render('{% feed "user" 1 limit=2 %}', ann)
    assert shown.count("<article") == 2
    assert "Nothing has happened" in render('{% feed "user" "me" %}', User(pk=3))
    assert render('{% feed "notification" 1 %}', AnonymousUser()).strip() == ""
    server.script(as_page(503))
    assert "cannot be shown" in render('{% feed "user" 1 %}', ann)
