"""All texts of the console and the admin can be translated, and all times are whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.models import Delivery, PublisherState, RelayHeartbeat
from dj_actions.registry import registry
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.outbox import MakeSent
from tests.fixtures.pseudo_language import WORD, Page
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

DATA = {
    *("memory", "other", "todo", "todo.mark_done", "mark_done", "delivery", "delivery.replay"),
    *("ann", "admin", "rejected", "unavailable", "web", "UTC", "CSV", "JSON", "ID"),
    *("BACKEND", "ORDERING", "CONCURRENCY", "BATCH_SIZE", "RATE_LIMIT", "none"),
    *("curl", "manage.py", "run_action"),
    "Todos",  # the app of the example
    "Search",  # Django's own alternative text of an image
    "dead",  # in the name of a delivery, which is that of its record
}
"""What records and settings contain, and names that every language shares."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AGE = re.compile(r"\bago\b|\bin \d|\bnow\b")


def console(name: str, *arguments: Any) -> str:
    return reverse(f"dj_actions_console:{name}", args=arguments)


PAGES: dict[str, Callable[[Delivery], str]] = {
    "overview": lambda _: console("overview"),
    "actions": lambda _: console("actions"),
    "event": lambda row: console("event", row.event_id),
    "deliveries": lambda _: console("deliveries"),
    "dead letters": lambda _: console("dead_letters"),
    "publishers": lambda _: console("publishers"),
    "publisher": lambda _: console("publisher", "memory"),
    "runs": lambda _: console("runs"),
    "catalogue": lambda _: console("catalogue"),
    "search": lambda _: console("search") + "?q=nothing",
    "admin: deliveries": lambda _: "/admin/dj_actions/delivery/",
    "admin: delivery": lambda row: f"/admin/dj_actions/delivery/{row.pk}/change/",
    "admin: events": lambda _: "/admin/dj_actions/actionevent/",
    "admin: event": lambda row: f"/admin/dj_actions/actionevent/{row.event_id}/change/",
    "admin: publishers": lambda _: "/admin/dj_actions/publisherstate/",
    "admin: publisher": lambda _: "/admin/dj_actions/publisherstate/memory/change/",
}


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def dead(make_event: MakeEvent, make_delivery: MakeDelivery, make_sent: MakeSent) -> Delivery:
    """A dead letter, among deliveries in all states, with a relay and a paused publisher."""
    for name in POSSIBLE:
        make_delivery(**POSSIBLE[name] | {"errors": []})
    make_sent()
    PublisherState.objects.get_or_create(alias="memory")
    PublisherState.objects.pause("other", by="ann", reason="7")
    RelayHeartbeat.objects.create(id="0190a000-0000-7000-8000-000000000000", host="web", pid=7,
                                  publishers=["memory"])  # fmt: skip
    error = {"at": "2026-01-02T00:00:00+00:00", "attempt": 1, "kind": "rejected", "message": "7",
             "status": 503, "seconds": 0.25, "counted": False, "relay": "web-7:4711"}  # fmt: skip
    event = make_event(actor_label="ann", request_data={"a": 1}, summary="7")
    return make_delivery(event=event, **POSSIBLE["dead"] | {"errors": [error], "attempts": 1})


def page_of(browser: Client, name: str, row: Delivery) -> Page:
    response = browser.get(PAGES[name](row))
    assert response.status_code == 200
    return Page(UUID.sub("", response.content.decode()))


def words_of_actions() -> set[str]:
    """Return the words with which the project describes its actions."""
    texts = (
        f"{one.label} {one.resource} {one.name} {one.title} {one.documentation.status}"
        for one in registry
    )
    return {word for text in texts for word in WORD.findall(text)}


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("name", PAGES)
def test_all_texts_can_be_translated(browser: Client, dead: Delivery, name: str) -> None:
    found = set(page_of(browser, name, dead).untranslated())

    assert sorted(found - DATA - words_of_actions()) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_time_has_its_value_its_zone_and_its_age(
    settings: Settings, browser: Client, dead: Delivery, name: str
) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    page = page_of(browser, name, dead)
    for moment in page.moments:
        assert datetime.fromisoformat(moment.value).utcoffset() is not None
        assert "IST" in moment.said
        # The admin shows it beside the time.
        assert name.startswith("admin") or AGE.search(moment.said)
    assert page.moments or name in {"catalogue", "search"}


def test_ids_are_no_numbers_to_be_formatted(
    settings: Settings, browser: Client, make_delivery: MakeDelivery
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    row = make_delivery(pk=1_234_567, **POSSIBLE["dead"])
    for name in ("event", "deliveries", "dead letters", "publisher"):
        html = browser.get(PAGES[name](row)).content.decode()
        assert "1234567" in html
        assert "1,234,567" not in html
