"""Who may see the console, and do what in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.console.access import Verb
from dj_actions.models import Delivery
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import states
from tests.integration.console.conftest import BrowserOf
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

PAGES = ("overview", "actions", "deliveries", "dead_letters", "publishers", "runs", "search")

REQUIRED = {
    "retry": Verb.RETRY,
    "cancel": Verb.CANCEL,
    "replay": Verb.REPLAY,
    "replay_delivered": Verb.REPLAY,
    "discard": Verb.DISCARD,
}


def url(name: str, *arguments: Any) -> str:
    return reverse(f"dj_actions_console:{name}", args=arguments)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_staff_with_the_permission(browser_of: BrowserOf, name: str) -> None:
    assert Client().get(url(name)).status_code == 302
    assert browser_of().get(url(name)).status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_the_permission_shows_the_pages(browser_of: BrowserOf, name: str) -> None:
    assert browser_of("view_console").get(url(name)).status_code == 200


def test_the_permission_is_not_enough_without_being_staff(browser_of: BrowserOf) -> None:
    assert browser_of("view_console", is_staff=False).get(url("overview")).status_code == 403


@pytest.mark.parametrize("operation", REQUIRED)
def test_an_act_requires_its_own_permission(
    browser_of: BrowserOf, of_all_states: dict[str, Delivery], operation: str
) -> None:
    before = states()
    others = {verb.value for verb in Verb} - {REQUIRED[operation].value}
    form = {"selected": list(before), "confirmed": "1", "reason": "because"}

    assert browser_of(*others).post(url("act", operation), form).status_code == 403
    assert states() == before


def test_payloads_require_their_own_permission(
    browser_of: BrowserOf, make_delivery: MakeDelivery
) -> None:
    event = make_delivery().event
    event.request_data = {"note": "for few eyes"}
    event.save()
    page = url("event", event.pk)

    browser = browser_of("view_console")
    assert "for few eyes" not in browser.get(page).content.decode()
    browser = browser_of("view_console", "view_payloads", username="few")
    assert "for few eyes" in browser.get(page).content.decode()
    assert browser.get(url("cloudevent", event.pk)).json()["data"]["input"] == event.request_data


def test_a_cloud_event_requires_the_permission_for_payloads(
    browser_of: BrowserOf, make_delivery: MakeDelivery
) -> None:
    page = url("cloudevent", make_delivery().event.pk)
    assert browser_of("view_console").get(page).status_code == 403


@pytest.mark.parametrize("use_tz", [True, False])
def test_the_time_of_a_cloud_event_has_a_zone(
    settings: Settings, browser: Client, make_delivery: MakeDelivery, use_tz: bool
) -> None:
    """RFC 3339, which CloudEvents require, knows no time without one."""
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "America/Adak"
    event_id = make_delivery().event.pk
    told = datetime.fromisoformat(browser.get(url("cloudevent", event_id)).json()["time"])

    assert abs(datetime.now(UTC) - told) < timedelta(minutes=5)


def only_ann(user: User, verb: str) -> bool:
    return user.get_username() == "ann" and verb == "view_console"


def test_a_function_of_the_project_can_decide(
    settings: Settings, browser_of: BrowserOf, make_user: Any
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"ACCESS": f"{__name__}.only_ann"}
    ann = Client()
    ann.force_login(make_user("ann"))

    assert ann.get(url("overview")).status_code == 200
    assert browser_of("view_console").get(url("overview")).status_code == 403


asked: list[str] = []


def asked_for(_user: User, verb: str) -> bool:
    asked.append(verb)
    return True


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        ("overview", {"view_console"}),
        ("runs", {"view_console"}),
        ("event", {"view_console", "view_payloads"}),
        (
            "deliveries",
            {"view_console", *(REQUIRED[name].value for name in REQUIRED)},
        ),
    ],
)
def test_a_page_asks_once_for_what_it_needs(
    settings: Settings, browser: Client, make_delivery: MakeDelivery, name: str, verbs: set[str]
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"ACCESS": asked_for}
    arguments = [make_delivery(**POSSIBLE["sending"]).event_id] if name == "event" else []
    asked.clear()
    assert browser.get(url(name, *arguments)).status_code == 200

    assert sorted(asked) == sorted(verbs)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"ACESS": "x"}, "Did you mean 'ACCESS'"),
        ({"ACCESS": "no.such.module"}, "cannot be imported"),
        ({"ACCESS": 5}, "expected a function"),
        ({"PAGE_SIZE": 0}, "from 1 to 200"),
        ({"POLL_INTERVAL": "often"}, "must be a number"),
        ([], "must be a dict"),
    ],
)
def test_an_invalid_setting_is_reported_by_check(
    settings: Settings, setting: object, words: str
) -> None:
    settings.DJ_ACTIONS_CONSOLE = setting
    found = [message for message in run_checks() if message.id == "dj_actions_console.E001"]
    assert [words in message.msg for message in found] == [True]
