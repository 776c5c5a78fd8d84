"""The activity as it stands in its feeds now: on the page of its event, from the feeds server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dj_actions_stream import feeds
from dj_actions_stream.feeds.connection import feeds_client
from dj_actions_stream.feeds.console.views import FeedView
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.views import View
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dj_actions.console.views.catalogue import ActionPageView
from dj_actions.console.views.current import CurrentView
from dj_actions.console.views.publishers import PublisherView
from dj_actions.console.views.run_acts import RunActView
from dj_actions.context import ActionContext
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.testing import drain
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo
from tests.integration.stream.feeds.conftest import API_SECRET

RULES = {"GROUPS": {"team": "dj_actions_stream.feeds.rules.everyone"}}


@pytest.fixture(autouse=True)
def _project(
    settings: Settings, live_server: LiveServer, direct_connections: None
) -> Iterator[None]:
    """Publish to the live server, and ask it."""
    settings.ROOT_URLCONF = "tests.integration.stream.feeds.server_urls"
    settings.FEEDS_SERVER = {
        "API_KEY": "key", "API_SECRET": API_SECRET, "GROUPS": {"team": "flat"},
    }  # fmt: skip
    options = {"api_key": "key", "api_secret": API_SECRET, "base_url": live_server.url}
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            "feeds": {
                "BACKEND": "dj_actions_stream.StreamPublisher",
                "OPTIONS": {**options, "timeout": 30, "to": ["team:1", "notification:2"]},
                "ROUTES": ["todo.*"],
            }
        }
    }
    settings.DJ_ACTIONS_FEEDS = RULES
    publisher = publishers["feeds"]
    yield
    publisher.close()


@pytest.fixture
def browser(ann: User) -> Client:
    """The browser of ann, who is on call."""
    return browser_of(ann, "view_console", "view_payloads")


def browser_of(user: User, *permissions: str) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(user)
    return browser


def finish(user: User, todo: Todo) -> Delivery:
    """Finish a todo, and deliver that."""
    MarkDone.run(actor=user, object=todo, data={})
    drain()
    return Delivery.objects.get()


def look_up(browser: Client, delivery: Delivery) -> dict[str, bool | None]:
    response = browser.get(reverse("dj_actions_console:current", args=[delivery.pk]))
    assert response.status_code == 200
    assert response.context["lookup"].error == ""
    return {row.result.scope: row.result.exists for row in response.context["lookup"].rows}


def test_an_activity_is_in_each_of_its_feeds(browser: Client, ann: User, todo: Todo) -> None:
    delivery = finish(ann, todo)
    assert look_up(browser, delivery) == {"user:1": True, "team:1": True, "notification:2": True}

    page = browser.get(reverse("dj_actions_console:current", args=[delivery.pk]))
    text = page.content.decode()
    place = reverse("dj_actions_console:feeds:feed", args=["team", "1"])
    assert f"{place}?at={delivery.receipt_id}" in text
    # A page of groups begins at a group.
    assert f'"{reverse("dj_actions_console:feeds:feed", args=["notification", "2"])}"' in text
    assert "&quot;foreign_id&quot;" in text
    shown = browser.get(f"{place}?at={delivery.receipt_id}").context["entries"]
    assert [entry.event_id for entry in shown] == [delivery.event_id]


def test_what_was_removed_is_no_longer_there(browser: Client, ann: User, todo: Todo) -> None:
    delivery = finish(ann, todo)
    feeds_client().feed("user", "1").remove_activity(delivery.receipt_id)
    assert set(look_up(browser, delivery).values()) == {False}


def test_an_old_activity_is_found_behind_newer_ones(
    browser: Client, ann: User, todo: Todo, make_todo: MakeTodo
) -> None:
    delivery = finish(ann, todo)
    for number in range(30):
        MarkDone.run(actor=ann, object=make_todo(f"Todo {number}"), data={})
    drain()
    found = look_up(browser, delivery)
    assert found["user:1"] is found["team:1"] is True
    # The group shows the newest 15 of its activities.
    assert found["notification:2"] is None


def test_what_was_moved_is_missing_in_one_feed(browser: Client, ann: User, todo: Todo) -> None:
    delivery = finish(ann, todo)
    activity = feeds_client().get_activities(ids=[delivery.receipt_id])["results"][0]
    feeds_client().feed("user", "1").update_activity_to_targets(
        activity["foreign_id"], activity["time"], removed_targets=["team:1"]
    )
    assert look_up(browser, delivery) == {"user:1": True, "team:1": False, "notification:2": True}


def test_an_action_that_adds_no_activity_says_so(
    browser: Client, ann: User, todo: Todo, declare: Declare
) -> None:
    def map_to_nothing(context: ActionContext, data: object) -> None:
        context.emit(summary="nothing")

    action = declare(map_to_nothing, activity=lambda message, default: None)
    action.run(actor=ann, object=todo, data={})
    drain()
    delivery = Delivery.objects.get()
    assert look_up(browser, delivery) == {}


def test_json_requires_the_permission_for_payloads(ann: User, todo: Todo) -> None:
    delivery = finish(ann, todo)
    browser = browser_of(ann, "view_console")
    text = browser.get(reverse("dj_actions_console:current", args=[delivery.pk])).content.decode()
    assert "foreign_id" not in text
    assert feeds.read("user:me", viewer=ann).activities[0].summary in text


def test_the_page_of_an_event_leads_to_it(browser: Client, ann: User, todo: Todo) -> None:
    MarkDone.run(actor=ann, object=todo, data={})
    delivery = Delivery.objects.get()
    event = reverse("dj_actions_console:event", args=[delivery.event_id])
    current = reverse("dj_actions_console:current", args=[delivery.pk])
    assert current not in browser.get(event).content.decode()
    assert browser.get(current).status_code == 404  # it has not arrived
    drain()
    assert browser.get(event).content.decode().count(f'href="{current}"') == 1


def test_an_aggregated_feed_of_the_server_is_shown_by_the_template_of_its_group(
    browser: Client, ann: User, make_todo: MakeTodo
) -> None:
    feeds.follow("timeline_aggregated:me", "user:1", viewer=ann)
    for number in range(5):
        MarkDone.run(actor=ann, object=make_todo(f"Todo {number}"), data={})
    drain()
    page = browser.get(reverse("dj_actions_console:feeds:feed", args=["timeline_aggregated", "me"]))
    (shown,) = page.context["entries"]
    assert shown.entry.activity_count == len(shown.entries) == 5
    assert {entry.event_id for entry in shown.entries} == set(
        Delivery.objects.values_list("event_id", flat=True)
    )
    assert "finished 5 todos" in page.content.decode()


@pytest.mark.parametrize("view", [CurrentView, FeedView, RunActView, PublisherView, ActionPageView])
def test_no_transaction_is_open_while_a_destination_is_asked(view: type[View]) -> None:
    # Of no database: ATOMIC_REQUESTS is a setting of each one.
    assert vars(view.as_view())["_non_atomic_requests"] == {"default", "replica"}
