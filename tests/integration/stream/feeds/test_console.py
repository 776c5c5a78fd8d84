"""Feeds in the console: rendered as readers see them, with the events they came from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dj_actions_stream.feeds.console import views
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from dj_actions.console.screens import current as current_screen
from dj_actions.models import Delivery
from tests.conftest import MakeDelivery, MakeEvent, MakeTodo
from tests.fixtures.scripted_server import Fault, Raw, ScriptedServer, Step, as_json, as_page
from tests.integration.outbox.test_records import POSSIBLE
from tests.integration.stream.feeds.stream_feeds import (
    StreamFeeds,
    activity_id,
    make_activity,
    make_group,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("server")]

INDEX = reverse("dj_actions_console:feeds:index")


def url(group: str, feed_id: str, query: str = "") -> str:
    return reverse("dj_actions_console:feeds:feed", args=[group, feed_id]) + query


def browser_of(user: User, *permissions: str) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def browser(ann: User) -> Client:
    """The browser of ann, who is on call."""
    return browser_of(ann, "view_console", "view_payloads")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def page(browser: Client, path: str, status: int = 200) -> str:
    response = browser.get(path)
    assert response.status_code == status, response.content
    return text_of(response)


# Choosing a feed


def test_the_navigation_leads_to_the_feeds(browser: Client) -> None:
    text = page(browser, reverse("dj_actions_console:overview"))
    assert f'<a href="{INDEX}">Feeds</a>' in text
    assert f'<a href="{INDEX}" aria-current="page">Feeds</a>' in page(browser, INDEX)


def test_feeds_of_the_settings_and_of_the_latest_deliveries_are_listed(
    browser: Client, settings: Settings, make_delivery: MakeDelivery
) -> None:
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"news": "dj_actions_stream.feeds.rules.everyone"}}
    delivered = POSSIBLE["delivered"]
    for publisher, scope in (
        ("feeds", "user:7"), ("feeds", "user:7"), ("feeds", "news:1"), ("feeds", ""),
        ("feeds", "secret:1"), ("feeds", "not a feed"), ("other", "user:8"),
    ):  # fmt: skip
        make_delivery(publisher=publisher, **delivered | {"receipt_scope": scope})
    response = browser.get(INDEX)
    assert [str(feed) for feed in response.context["recent"]] == ["news:1", "user:7"]
    text = text_of(response)
    assert "<code>everyone</code>" in text
    assert f'<a href="{url("notification", "me")}">notification:me</a>' in text


def test_an_id_leads_to_its_feed(browser: Client) -> None:
    assert browser.get(INDEX, {"feed": " user:7 "}).headers["Location"] == url("user", "7")
    response = browser.get(INDEX, {"feed": "user/7<script>"})
    assert response.status_code == 400
    assert "is not a valid feed id" in text_of(response)
    assert "<script>" not in text_of(response).replace("<script src", "")


# Showing a feed


def test_activities_are_shown_by_the_templates_of_their_verbs(
    browser: Client, stream: StreamFeeds, make_todo: MakeTodo, settings: Settings
) -> None:
    todo = make_todo("Buy oat milk")
    settings.DJ_ACTIONS_FEEDS = {
        "OBJECTS": {"todo": "tests.integration.stream.feeds.conftest.todos_seen_by"}
    }
    stream.entries["user:1"] = [
        make_activity(2, verb="mark_done", object=f"todo:{todo.pk}", object_label=""),
        make_activity(1, summary="ann moved “Buy milk”"),
    ]
    text = page(browser, url("user", "1"))
    assert f'finished <a href="/todos/{todo.pk}/">Buy oat milk</a>' in text
    assert text.index("Buy oat milk") < text.index("ann moved “Buy milk”")


def test_an_activity_leads_to_its_event_if_it_is_recorded(
    browser: Client, stream: StreamFeeds, make_event: MakeEvent
) -> None:
    event = make_event(resource="todo", action="mark_done")
    stream.entries["user:1"] = [
        make_activity(3, foreign_id=f"djactions:{event.pk}"),
        make_activity(2),
        make_activity(1, foreign_id="of another program"),
    ]
    text = page(browser, url("user", "1"))
    assert text.count("Timeline of todo.mark_done") == text.count("Timeline of") == 1
    assert f'href="{reverse("dj_actions_console:event", args=[event.pk])}"' in text


def test_json_requires_the_permission_for_payloads(
    browser: Client, stream: StreamFeeds, bob: User
) -> None:
    stream.entries["user:1"] = [make_activity(1, extra_field="for few eyes")]
    assert "for few eyes" in page(browser, url("user", "1"))
    text = page(browser_of(bob, "view_console"), url("user", "1"))
    assert "ann finished “Buy milk”" in text
    assert "for few eyes" not in text


def test_a_group_shows_its_activities_and_its_marks(
    browser: Client, stream: StreamFeeds, make_event: MakeEvent
) -> None:
    event = make_event()
    stream.entries["notification:1"] = [
        make_group(3, make_activity(3, foreign_id=f"djactions:{event.pk}"), make_activity(2),
                   is_seen=False, is_read=False, activity_count=40),
        make_group(1, make_activity(1), is_seen=True, is_read=True),
    ]  # fmt: skip
    text = page(browser, url("notification", "me"))
    assert "1 unseen, 1 unread." in text
    assert text.count('<span class="chip">unread</span>') == 1
    assert "The newest 2 activities of 40" in text
    assert reverse("dj_actions_console:event", args=[event.pk]) in text
    group = stream.entries["notification:1"][0]
    assert (group["is_seen"], group["is_read"]) == (False, False)  # looking marks nothing


def test_pages_continue_and_the_url_holds_the_place(browser: Client, stream: StreamFeeds) -> None:
    stream.entries["user:1"] = [make_activity(number) for number in (5, 4, 3, 2, 1)]
    seen, query = [], "?limit=2"
    while query:
        response = browser.get(url("user", "1", query))
        seen += [shown.entry.id for shown in response.context["entries"]]
        query = response.context["page"]["older"]
        assert not query or parse_qs(query)["?limit"] == ["2"]
    assert seen == [activity_id(number) for number in (5, 4, 3, 2, 1)]
    at = browser.get(url("user", "1", f"?at={activity_id(3)}")).context
    assert at["entries"][0].entry.id == activity_id(3)
    assert not at["page"]["is_first"]


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=x", "?limit=²", "?before=%00", "?at=a&before=b"]
)
def test_an_invalid_place_is_not_ignored(browser: Client, query: str) -> None:
    assert "This feed cannot be shown" in page(browser, url("user", "1", query), 400)


# Who may see it


def test_a_viewer_without_access_reads_a_clear_sentence(
    browser: Client, stream: StreamFeeds
) -> None:
    stream.entries["notification:2"] = [make_activity(1, summary="only for bob")]
    text = page(browser, url("notification", "2"), 403)
    assert "You may not see this feed." in text
    assert "only for bob" not in text
    assert "it has no rule" in page(browser, url("secret", "1"), 404)


@pytest.mark.parametrize("path", [INDEX, url("user", "1")])
@pytest.mark.parametrize(
    ("permissions", "is_staff", "status"),
    [
        ((), True, 403),
        (("view_payloads",), True, 403),
        (("view_console",), False, 403),
        (("view_console",), True, 200),
    ],
)
def test_the_pages_are_for_those_who_may_use_the_console(
    ann: User, path: str, permissions: tuple[str, ...], is_staff: bool, status: int
) -> None:
    browser = browser_of(ann, *permissions)
    User.objects.filter(pk=ann.pk).update(is_staff=is_staff)
    assert browser.get(path).status_code == status
    assert Client().get(path).status_code == 302


# Trouble


def test_an_outage_is_a_page(browser: Client, server: ScriptedServer) -> None:
    server.script(as_page(502))
    text = page(browser, url("user", "1"), 503)
    assert "The feeds cannot be read at the moment" in text
    assert "502" in text
    assert url("user", "1") in text


@pytest.fixture
def _patience_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a slow machine the rest of the 5 seconds."""
    for module in (current_screen, views):
        assert module.SECONDS < 5.0
        monkeypatch.setattr(module, "SECONDS", 1.0)


@pytest.mark.usefixtures("_patience_of_a_second")
def test_a_destination_that_hangs_is_given_up_within_5_seconds(
    browser: Client, server: ScriptedServer
) -> None:
    server.script(Fault.HANG)
    started = time.monotonic()
    page(browser, url("user", "1"), 503)
    assert time.monotonic() - started < 5.0


def test_a_rate_limit_is_a_page_that_says_when(browser: Client, server: ScriptedServer) -> None:
    server.script(
        as_json({"code": 9, "detail": "slow down", "status_code": 429}, 429, retry_after="7")
    )
    response = browser.get(url("user", "1"))
    assert (response.status_code, response.headers.get("Retry-After")) == (503, "7")


@pytest.mark.parametrize(
    "fields",
    [
        {"summary": "\ud800 alone"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "9999-12-31T23:59:59"},
        {"verb": "../../admin/base", "resource": "../x"},
        {"actor": {"id": ["x"], "error": None}, "object": None},
        {"extra": "\ud800"},
    ],
    ids=str,
)
def test_no_activity_of_another_program_breaks_the_page(
    browser: Client, stream: StreamFeeds, fields: dict[str, Any]
) -> None:
    stream.entries["user:1"] = [make_activity(1, **fields)]
    assert browser.get(url("user", "1")).status_code in {200, 503}


@pytest.mark.parametrize(
    "setting", [{"GROUPS": {"user": "no.such.rule"}}, {"PUBLISHER": "nobody"}], ids=str
)
def test_a_wrong_setting_is_a_page(
    browser: Client, settings: Settings, setting: dict[str, Any]
) -> None:
    settings.DJ_ACTIONS_FEEDS = setting
    for path in (INDEX, url("user", "1")):
        assert browser.get(path).status_code == 503


def test_texts_of_others_are_escaped(browser: Client, stream: StreamFeeds) -> None:
    attack = "<script>alert(1)</script>"
    hostile = make_activity(2, summary="", actor_label=attack, object_label=attack, more=attack)
    stream.entries["user:1"] = [hostile, make_activity(1, summary=attack, verb=attack)]
    assert attack not in page(browser, url("user", "1"))


# What it costs


def test_a_page_takes_few_statements(
    browser: Client, stream: StreamFeeds, make_event: MakeEvent, make_todo: MakeTodo,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    stream.entries["user:1"] = [
        make_activity(
            number, object=f"todo:{make_todo().pk}", foreign_id=f"djactions:{make_event().pk}"
        )
        for number in range(9, 0, -1)
    ]
    for path in (INDEX, url("user", "1")):
        with django_assert_max_num_queries(12):
            page(browser, path)


# The way back


def test_a_timeline_leads_to_the_feed(browser: Client, make_delivery: MakeDelivery) -> None:
    delivered = POSSIBLE["delivered"] | {"receipt_id": activity_id(5), "receipt_scope": "user:1"}
    delivery = make_delivery(publisher="feeds", **delivered)
    text = page(browser, reverse("dj_actions_console:event", args=[delivery.event_id]))
    link = url("user", "1", f"?at={activity_id(5)}")
    assert f'<a href="{link}">Show in Feeds</a>' in text
    assert urlsplit(link).path == url("user", "1")


@pytest.mark.parametrize("scope", ["", "not a feed", "secret:1"])
def test_a_place_that_cannot_be_read_here_has_no_link(
    browser: Client, make_delivery: MakeDelivery, scope: str
) -> None:
    delivered = POSSIBLE["delivered"] | {"receipt_id": activity_id(5), "receipt_scope": scope}
    delivery = make_delivery(publisher="feeds", **delivered)
    text = page(browser, reverse("dj_actions_console:event", args=[delivery.event_id]))
    assert "Show in Feeds" not in text


# What the destination has now, when it fails


@pytest.fixture
def delivered(make_event: MakeEvent, make_delivery: MakeDelivery) -> Delivery:
    """A delivery that has arrived in the feed of ann."""
    event = make_event(actor_id="1", actor_label="ann")
    fields = POSSIBLE["delivered"] | {"receipt_id": activity_id(5), "receipt_scope": "user:1"}
    return make_delivery(event=event, publisher="feeds", **fields)


def current(delivery: Delivery) -> str:
    return reverse("dj_actions_console:current", args=[delivery.pk])


def drip() -> Iterator[bytes]:
    """Send a response that never ends."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    while True:
        yield b" "


@pytest.mark.usefixtures("_patience_of_a_second")
@pytest.mark.parametrize(
    "fault",
    [Fault.CUT, as_page(502), as_json([]), as_json({"results": [1]}), Raw(parts=drip, pause=0.05)],
    ids=["cut", "page", "list", "number", "drip"],
)
def test_a_destination_that_cannot_be_asked_is_a_sentence_within_5_seconds(
    browser: Client, server: ScriptedServer, delivered: Delivery, fault: Step
) -> None:
    server.script(fault)
    started = time.monotonic()
    assert "It is not known at the moment: Stream" in page(browser, current(delivered))
    assert time.monotonic() - started < 5.0


@pytest.mark.usefixtures("_patience_of_a_second")
def test_a_feed_that_cannot_be_read_is_not_known(
    browser: Client, server: ScriptedServer, delivered: Delivery
) -> None:
    activity = make_activity(5, foreign_id=f"djactions:{delivered.event_id}")
    server.script(as_json({"results": [activity], "duration": "1ms"}), Fault.HANG)
    started = time.monotonic()
    assert "not known" in page(browser, current(delivered))
    assert time.monotonic() - started < 5.0


def test_texts_of_the_destination_are_escaped(
    browser: Client, server: ScriptedServer, delivered: Delivery
) -> None:
    attack = "<script>alert(1)</script>"
    activity = make_activity(
        5, foreign_id=f"djactions:{delivered.event_id}", summary=attack, more=f"{attack}\ud800"
    )
    results = as_json({"results": [activity], "duration": "1ms"})
    server.script(results, results)
    text = page(browser, current(delivered))
    assert "no longer there" not in text
    assert attack not in text


def test_a_publisher_that_cannot_be_created_is_a_sentence(
    browser: Client, settings: Settings, delivered: Delivery
) -> None:
    publisher = settings.DJ_ACTIONS["PUBLISHERS"]["feeds"]
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": publisher | {"OPTIONS": {"api_kee": "x"}}}}
    assert "It is not known at the moment" in page(browser, current(delivered))


def test_a_delivery_of_a_publisher_that_cannot_look_up_has_no_page(
    browser: Client, settings: Settings, delivered: Delivery
) -> None:
    settings.DJ_ACTIONS = {}
    assert current(delivered) not in page(
        browser, reverse("dj_actions_console:event", args=[delivered.event_id])
    )
    page(browser, current(delivered), 404)
    page(browser, current(delivered).replace(str(delivered.pk), "9" * 40), 404)


def test_a_lookup_is_for_those_who_may_use_the_console(ann: User, delivered: Delivery) -> None:
    assert Client().get(current(delivered)).status_code == 302
    assert browser_of(ann, "view_payloads").get(current(delivered)).status_code == 403
    assert browser_of(ann, "view_console").get(current(delivered)).status_code == 200


def test_a_lookup_takes_few_statements(
    browser: Client, delivered: Delivery, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        page(browser, current(delivered))
