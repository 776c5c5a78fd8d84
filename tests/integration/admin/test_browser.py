"""The admin in a real browser: what matters is visible, accessible, and at hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django import VERSION
from django.contrib.auth.models import User
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from dj_actions.models import Delivery
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.browsing import (
    POLICIES,
    SCHEMES,
    SECONDS,
    complaints,
    log_in,
    requires_axe,
    text_of,
    violations,
    wait_for_text,
    with_policy,
    with_screen,
)
from tests.fixtures.chromium import requires_chromium
from tests.integration.outbox.test_records import POSSIBLE

DELIVERIES = "/admin/dj_actions/delivery/"
REASON = (
    "HTTPConnectionPool(host='feeds.internal.example', port=8443): Max retries exceeded with url: "
    "/api/v1.0/enrich/feed/user/0190a000-0000-7000-8000-000000000000/?limit=25"
)

# Transactions of the test are seen by the server's threads only once they are committed.
pytestmark = [
    requires_chromium,
    pytest.mark.slow,  # in a browser; shorter tests guard the same pages
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("two_publishers"),
]

PAGES: dict[str, Callable[[Delivery], str]] = {
    "deliveries": lambda _: DELIVERIES,
    "delivery": lambda row: f"{DELIVERIES}{row.pk}/change/",
    "events": lambda _: "/admin/dj_actions/actionevent/",
    "event": lambda row: f"/admin/dj_actions/actionevent/{row.event_id}/change/",
    "publishers": lambda _: "/admin/dj_actions/publisherstate/",
    "publisher": lambda _: "/admin/dj_actions/publisherstate/memory/change/",
    "tokens": lambda _: "/admin/dj_actions/machinetoken/",
}

OURS = ", ".join(
    (
        *(".object-tools", ".dj-actions-operations", ".dj-actions-confirmation"),
        *(".results tbody", "fieldset:not(.inline-group *)", ".inline-group tbody"),
    )
)
"""The parts of the pages whose markup is ours; the rest is Django's."""


STYLED = "/static/dj_actions/admin.css"

APPLIED = """
return [...document.styleSheets].map((sheet) => sheet.href && new URL(sheet.href).pathname);
"""
"""Returns the paths of the stylesheets that the browser has applied."""

ADMIN_HAS_NONCES = VERSION >= (6, 1)
"""Whether Django writes the nonce into the pages of its admin. Before, these need an exception."""


@pytest.fixture
def dead(make_event: MakeEvent, make_delivery: MakeDelivery) -> Delivery:
    """A dead letter with a long reason, among a pending and a delivered one."""
    for state in ("pending", "running"):
        make_delivery(event=make_event(object_id="0190a000-0000-7000-8000-0"), **POSSIBLE[state])
    row = make_delivery(**POSSIBLE["dead"])
    errors = [
        {"at": row.queued_at.isoformat(), "attempt": 1, "kind": "rejected", "message": REASON}
    ]
    Delivery.objects.filter(pk=row.pk).update(errors=errors, attempts=1)
    return row


def open_page(driver: Chrome, server: LiveServer, name: str, row: Delivery) -> None:
    driver.get(f"{server.url}{PAGES[name](row)}")


def test_the_reason_is_visible_in_the_list_without_scrolling(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery
) -> None:
    with_screen(chromium, 1280, 900)
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead)
    reason = chromium.find_element(
        By.XPATH, "//tr[contains(., 'HTTPConnectionPool')]//span[@class='dj-actions-why']"
    )
    box, table = (
        chromium.execute_script("return arguments[0].getBoundingClientRect().toJSON()", element)
        for element in (reason, chromium.find_element(By.CSS_SELECTOR, ".results"))
    )

    assert box["right"] <= min(1280, table["right"])
    assert box["bottom"] <= 900
    assert reason.is_displayed()
    whole = chromium.execute_script("return document.documentElement.scrollWidth")
    assert whole <= 1280


def test_states_are_marked_by_symbol_word_and_color(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery
) -> None:
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead)
    marks = chromium.find_elements(By.CSS_SELECTOR, ".results .dj-actions-status")
    shown = {mark.text: mark.value_of_css_property("color") for mark in marks}

    assert {"✗ dead", "○ pending", "✓ delivered", "◐ running"} <= shown.keys()
    assert len({shown[text] for text in ("✗ dead", "○ pending", "✓ delivered")}) == 3


@requires_axe
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 1280])
def test_what_we_add_to_the_admin_is_accessible(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery, width: int, scheme: str
) -> None:
    with_screen(chromium, width, 900, scheme)
    log_in(chromium, live_server, admin)
    found = {}
    for name in PAGES:
        open_page(chromium, live_server, name, dead)
        found[name] = violations(chromium, within=OURS)
    open_page(chromium, live_server, "delivery", dead)
    chromium.find_element(By.CSS_SELECTOR, "button[value=replay]").click()
    found["confirmation"] = violations(chromium, within=OURS)

    assert not any(found.values()), found
    assert complaints(chromium) == []


def test_a_dead_letter_is_replayed_from_its_page(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery
) -> None:
    with_screen(chromium, 1280, 900)
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "delivery", dead)
    chromium.find_element(By.CSS_SELECTOR, "button[value=replay]").click()
    wait_for_text(chromium, f"memory: dead, rejected: {REASON[:40]}")
    chromium.find_element(By.NAME, "reason").send_keys("the destination is back")
    chromium.find_element(By.CSS_SELECTOR, "input[type=submit]").click()

    WebDriverWait(chromium, SECONDS).until(lambda driver: "delivery changed" in text_of(driver))
    assert chromium.current_url.endswith(PAGES["delivery"](dead))
    assert Delivery.objects.get(pk=dead.pk).state == "pending"


@pytest.mark.parametrize("policy", POLICIES)
def test_what_we_add_needs_no_exception_from_a_content_security_policy(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery,
    policy: str,
) -> None:  # fmt: skip
    with_policy(settings, policy)
    log_in(chromium, live_server, admin)
    for name in PAGES:
        open_page(chromium, live_server, name, dead)
        assert STYLED in chromium.execute_script(APPLIED), name
    open_page(chromium, live_server, "delivery", dead)
    chromium.find_element(By.CSS_SELECTOR, "button[value=replay]").click()
    wait_for_text(chromium, "Reason")
    assert STYLED in chromium.execute_script(APPLIED)

    found = complaints(chromium)
    if ADMIN_HAS_NONCES or policy == "own_files_only":
        assert found == []
    assert [text for text in found if "/static/admin/" not in text and "jsi18n" not in text] == []
