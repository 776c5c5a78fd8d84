"""What the admin pages say: states, reasons, times, payloads, buttons, and links to the console."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from dj_actions.admin.payloads import MAX_SHOWN, formatted
from dj_actions.console.models import ConsolePermissions
from dj_actions.models import Delivery, PublisherState
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.admin.conftest import BrowserOf
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

DELIVERIES = "/admin/dj_actions/delivery/"
EVENTS = "/admin/dj_actions/actionevent/"
PUBLISHERS = "/admin/dj_actions/publisherstate/"
OPERATIONS = ("retry", "cancel", "replay", "replay_delivered", "discard")
OUTBOX = ("view_delivery", "view_actionevent", "view_publisherstate")


@pytest.fixture
def not_in_the_index() -> Iterator[None]:
    """Let the admin not know the entry of the console."""
    reverse("admin:index")  # reads the URLs of the site first: they are read once
    entry = site._registry.pop(ConsolePermissions)
    yield
    site._registry[ConsolePermissions] = entry


def page_of(browser: Client, url: str) -> str:
    response = browser.get(url)
    assert response.status_code == 200
    return response.content.decode()


def cell(page: str, name: str) -> str:
    """Return the text of a column in the first row of a list."""
    found = re.search(rf'<td class="field-{name}[^"]*">(.*?)</td>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1] if found else "").split())


def address(delivery: Delivery) -> str:
    return f"{DELIVERIES}{delivery.pk}/change/"


# Buttons


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("pending", {"retry", "cancel"}),
        ("sending", set()),
        ("delivered", {"replay_delivered"}),
        ("dead", {"replay", "discard"}),
        ("cancelled", set()),
    ],
)
def test_a_delivery_has_buttons_for_what_its_state_allows(
    browser: Client, make_delivery: MakeDelivery, state: str, expected: set[str]
) -> None:
    page = page_of(browser, address(make_delivery(**POSSIBLE[state])))

    assert {name for name in OPERATIONS if f'value="{name}"' in page} == expected


def test_without_the_change_permission_there_are_no_buttons(
    browser_of: BrowserOf, make_delivery: MakeDelivery
) -> None:
    page = page_of(browser_of(*OUTBOX), address(make_delivery(**POSSIBLE["dead"])))

    assert 'name="action"' not in page


def test_the_buttons_name_the_delivery_whatever_the_locale(
    settings: Settings, browser: Client, make_delivery: MakeDelivery
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    delivery = make_delivery(pk=1_234_567, **POSSIBLE["dead"])

    assert 'name="_selected_action" value="1234567"' in page_of(browser, address(delivery))


def test_a_retry_is_confirmed_and_returns_to_the_page(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    later = timezone.now() + timedelta(hours=1)
    delivery = make_delivery(available_at=later)
    chosen = {"action": "retry", "_selected_action": [delivery.pk]}
    page = browser.post(DELIVERIES, chosen).content.decode()
    assert "1 delivery will be changed." in page
    delivery.refresh_from_db()
    assert delivery.available_at == later
    response = browser.post(DELIVERIES, {**chosen, "_dj_actions_run": "Run"})

    assert response.headers["Location"] == address(delivery)
    delivery.refresh_from_db()
    assert delivery.available_at < later


def test_a_publisher_has_a_button_for_the_opposite_of_its_state(browser: Client) -> None:
    browser.get(PUBLISHERS)
    assert 'value="pause"' in page_of(browser, f"{PUBLISHERS}memory/change/")
    PublisherState.objects.pause("memory", by="ann", reason="maintenance")
    page = page_of(browser, f"{PUBLISHERS}memory/change/")

    assert 'value="resume"' in page
    assert 'value="pause"' not in page
    assert "By ann: maintenance" in page


# Times


@pytest.mark.parametrize("state", ["delivered", "dead", "cancelled"])
def test_a_settled_delivery_has_no_next_attempt(
    browser: Client, make_delivery: MakeDelivery, state: str
) -> None:
    delivery = make_delivery(**POSSIBLE[state])
    settled_at = timezone.now() - timedelta(minutes=5)
    Delivery.objects.filter(pk=delivery.pk).update(settled_at=settled_at)

    assert cell(page_of(browser, DELIVERIES), "next_step").endswith("UTC 5 min 0 s ago")


def test_a_next_attempt_is_never_in_the_past(browser: Client, make_delivery: MakeDelivery) -> None:
    make_delivery(available_at=timezone.now() - timedelta(hours=3))

    assert cell(page_of(browser, DELIVERIES), "next_step") == "due now"


def test_a_next_attempt_has_a_time_and_how_far_ahead_it_is(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    make_delivery(available_at=timezone.now() + timedelta(hours=3, seconds=30))

    assert cell(page_of(browser, DELIVERIES), "next_step").endswith("UTC in 3 h 0 min")


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        (lambda: PublisherState.objects.pause("memory", by="ann", reason="x"), "‖ paused"),
        (
            lambda: PublisherState.objects.open_breaker("memory", seconds=60, reason="x"),
            "✗ circuit breaker open",
        ),
    ],
    ids=["paused", "circuit breaker"],
)
def test_a_pending_delivery_says_what_stops_its_publisher(
    browser: Client, make_delivery: MakeDelivery, stop: Callable[[], Any], text: str
) -> None:
    delivery = make_delivery()
    stop()

    assert cell(page_of(browser, DELIVERIES), "next_step") == f"due now {text}"
    assert text.split(" ", 1)[1] in page_of(browser, address(delivery))


# States and reasons


def test_a_failed_action_is_marked(browser: Client, make_event: MakeEvent) -> None:
    event = make_event(status_code=403, duration_ms=429.78216199981034)

    assert cell(page_of(browser, EVENTS), "outcome") == "✗ failed (403)"
    page = page_of(browser, f"{EVENTS}{event.pk}/change/")
    assert "430 ms" in page
    assert "429.78" not in page


def test_an_event_shows_the_errors_of_its_deliveries(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    error = {"at": "2026-01-02T00:00:00+00:00", "kind": "rejected", "message": "no such DAG"}
    delivery = make_delivery(**POSSIBLE["dead"] | {"errors": [error]})

    page = page_of(browser, f"{EVENTS}{delivery.event_id}/change/")
    assert "rejected: no such DAG" in page
    assert "✗</span> dead" in page


def test_a_publisher_with_dead_letters_is_not_shown_as_healthy(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    make_delivery(**POSSIBLE["dead"])
    make_delivery()
    page = page_of(browser, PUBLISHERS)

    assert cell(page, "dead") == cell(page, "waiting") == "1"
    assert f"{DELIVERIES}?publisher=memory&amp;state=dead" in page
    assert "icon-yes" not in page


# Payloads


def test_payloads_are_formatted_for_reading(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    event = make_event(request_data={"note": {"text": "überfällig"}})
    delivery = make_delivery(event=event)
    expected = "{\n  &quot;note&quot;: {\n    &quot;text&quot;: &quot;überfällig&quot;\n  }\n}"

    for url in (address(delivery), f"{EVENTS}{event.pk}/change/"):
        assert expected in page_of(browser, url)


def test_the_payload_needs_the_permission_to_view_events(
    browser_of: BrowserOf, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery(event=make_event(request_data={"pin": "4711"}))

    assert "4711" not in page_of(browser_of("view_delivery"), address(delivery))


def test_a_long_payload_is_cut() -> None:
    text = formatted("x" * (2 * MAX_SHOWN))

    assert len(text) < MAX_SHOWN + 200
    assert "Only the beginning is shown." in text


# The console


def test_each_page_links_to_its_place_in_the_console(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery()
    browser.get(PUBLISHERS)
    timeline = reverse("dj_actions_console:event", args=[delivery.event_id])
    expected = {
        DELIVERIES: reverse("dj_actions_console:deliveries"),
        address(delivery): f"{timeline}#delivery-{delivery.pk}",
        EVENTS: reverse("dj_actions_console:actions"),
        f"{EVENTS}{delivery.event_id}/change/": timeline,
        PUBLISHERS: reverse("dj_actions_console:publishers"),
        f"{PUBLISHERS}memory/change/": reverse("dj_actions_console:publisher", args=["memory"]),
    }

    for url, link in expected.items():
        assert f'href="{link}" class="viewsitelink"' in page_of(browser, url), url


def test_the_index_links_to_the_console(browser: Client) -> None:
    entry = reverse("admin:dj_actions_console_consolepermissions_changelist")
    assert f'href="{entry}"' in page_of(browser, "/admin/")

    assert browser.get(entry).headers["Location"] == reverse("dj_actions_console:overview")


def test_the_console_is_not_mentioned_to_those_who_may_not_see_it(
    browser_of: BrowserOf, make_delivery: MakeDelivery
) -> None:
    browser = browser_of(*OUTBOX)
    for url in ("/admin/", DELIVERIES, address(make_delivery())):
        assert reverse("dj_actions_console:overview") + '"' not in page_of(browser, url)
        assert "Open in the console" not in page_of(browser, url)
    entry = reverse("admin:dj_actions_console_consolepermissions_changelist")
    assert entry not in page_of(browser, "/admin/")
    assert "delivery/" in page_of(browser, "/admin/")


def test_without_the_console_the_pages_are_complete(
    settings: Settings,
    not_in_the_index: None,
    browser: Client,
    make_delivery: MakeDelivery,
) -> None:
    apps = [name for name in settings.INSTALLED_APPS if name != "dj_actions.console"]
    settings.INSTALLED_APPS = apps
    for url in (DELIVERIES, address(make_delivery()), EVENTS, PUBLISHERS):
        assert "Open in the console" not in page_of(browser, url)


def test_the_console_may_be_missing_from_the_urls(
    settings: Settings, browser: Client, make_delivery: MakeDelivery
) -> None:
    settings.ROOT_URLCONF = "tests.integration.admin.urls_without_console"
    entry = reverse("admin:dj_actions_console_consolepermissions_changelist")

    assert "Open in the console" not in page_of(browser, address(make_delivery()))
    assert browser.get(entry).status_code == 404
