"""The console in a real browser: accessible, under a Content Security Policy, live, without script.

These tests run where Chromium is installed (`make browser`); those of accessibility also need
axe-core (`npm install` in `tests/integration/stream/server/javascript`).
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from dj_actions.models import ActionEvent, Delivery, RelayHeartbeat
from dj_actions.outbox.queries import RELAY_TIMEOUT, from_now
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.browsing import (
    POLICIES,
    SCHEMES,
    SCRIPT,
    SECONDS,
    SIZES,
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

# Transactions of the test are seen by the server's threads only once they are committed.
pytestmark = [
    requires_chromium,
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("two_publishers"),
]

PAGES: dict[str, Callable[[Delivery], str]] = {
    "overview": lambda _: reverse("dj_actions_console:overview"),
    "actions": lambda _: reverse("dj_actions_console:actions"),
    "event": lambda row: reverse("dj_actions_console:event", args=[row.event_id]),
    "object": lambda _: f"{reverse('dj_actions_console:object')}?resource=todo&object=7",
    "deliveries": lambda _: reverse("dj_actions_console:deliveries"),
    "dead letters": lambda _: reverse("dj_actions_console:dead_letters"),
    "publishers": lambda _: reverse("dj_actions_console:publishers"),
    "publisher": lambda _: reverse("dj_actions_console:publisher", args=["memory"]),
    "runs": lambda _: reverse("dj_actions_console:runs"),
    "catalogue": lambda _: reverse("dj_actions_console:catalogue"),
    "action": lambda _: reverse("dj_actions_console:action", args=["todo", "mark_done"]),
    "search": lambda _: reverse("dj_actions_console:search") + "?q=nothing",
}


@pytest.fixture
def dead(make_delivery: MakeDelivery) -> Delivery:
    """A dead letter, beside a pending and a delivered one."""
    for state in ("pending", "delivered"):
        make_delivery(**POSSIBLE[state])
    row = make_delivery(**POSSIBLE["dead"])
    errors = [{"at": row.queued_at.isoformat(), "attempt": 1, "kind": "rejected", "message": "no"}]
    Delivery.objects.filter(pk=row.pk).update(errors=errors)
    return row


@pytest.mark.parametrize("policy", POLICIES)
def test_no_page_violates_the_policy_or_logs_an_error(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery,
    policy: str,
) -> None:  # fmt: skip
    with_policy(settings, policy)
    log_in(chromium, live_server, admin)
    for url_of in PAGES.values():
        chromium.get(f"{live_server.url}{url_of(dead)}")
    assert complaints(chromium) == []


@requires_axe
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_page_is_accessible(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery,
    size: tuple[int, int], scheme: str,
) -> None:  # fmt: skip
    with_screen(chromium, *size, scheme)
    log_in(chromium, live_server, admin)
    found = {}
    for name, url_of in PAGES.items():
        chromium.get(f"{live_server.url}{url_of(dead)}")
        found[name] = violations(chromium)
        width = chromium.execute_script("return document.documentElement.scrollWidth")
        assert width <= size[0], f"{name} is wider than the screen"
    assert not any(found.values()), found


def test_a_page_follows_what_happens(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User, dead: Delivery
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"POLL_INTERVAL": 0.5}
    log_in(chromium, live_server, admin)
    chromium.get(f"{live_server.url}{PAGES['event'](dead)}")
    body = chromium.find_element(By.TAG_NAME, "body")
    wait_for_text(chromium, "dead")
    version = chromium.execute_script("return performance.getEntriesByType('resource').length")
    WebDriverWait(chromium, SECONDS).until(
        lambda driver: (
            driver.execute_script("return performance.getEntriesByType('resource').length")
            > version
        )
    )
    Delivery.objects.filter(pk=dead.pk).replay()

    WebDriverWait(chromium, SECONDS).until(
        lambda driver: "pending" in driver.find_element(By.ID, f"delivery-{dead.pk}").text
    )
    assert body == chromium.find_element(By.TAG_NAME, "body")  # the page was not loaded again


def test_a_relay_that_was_killed_becomes_red_by_itself(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"POLL_INTERVAL": 0.5}
    relay = uuid4()
    RelayHeartbeat.objects.record_heartbeat(relay, host="web", pid=7, publishers=["memory"])
    seen_at = from_now(2 - RELAY_TIMEOUT)
    RelayHeartbeat.objects.filter(pk=relay).update(seen_at=seen_at)
    log_in(chromium, live_server, admin)
    chromium.get(f"{live_server.url}{PAGES['overview'](Delivery())}")
    relays = "section:has(> #relays) tbody"
    assert "alive" in chromium.find_element(By.CSS_SELECTOR, relays).text

    WebDriverWait(chromium, SECONDS).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, f"{relays} .status-bad")
    )
    assert "dead" in chromium.find_element(By.CSS_SELECTOR, relays).text


def test_everything_that_died_is_replayed_without_scripts(
    scriptless: Chrome, live_server: LiveServer, admin: User, make_delivery: MakeDelivery
) -> None:
    rows = [make_delivery(**POSSIBLE["dead"]).pk for _ in range(3)]
    log_in(scriptless, live_server, admin)
    scriptless.get(f"{live_server.url}{reverse('dj_actions_console:deliveries')}?state=dead")
    scriptless.find_element(By.CSS_SELECTOR, "input[name=all][value='1']").click()
    scriptless.find_element(By.XPATH, "//button[starts-with(., 'Replay')]").click()
    wait_for_text(scriptless, "3 deliveries will be changed")
    scriptless.find_element(By.NAME, "reason").send_keys("the destination is back")
    scriptless.find_element(By.NAME, "confirmed").click()

    WebDriverWait(scriptless, SECONDS).until(
        lambda driver: "3 deliveries changed." in text_of(driver)
    )
    wait_for_text(scriptless, "3 pending")
    assert {row.state for row in Delivery.objects.filter(pk__in=rows)} == {"pending"}


def test_no_text_of_others_is_run(
    chromium: Chrome, live_server: LiveServer, admin: User, make_event: MakeEvent,
    make_delivery: MakeDelivery,
) -> None:  # fmt: skip
    event = make_event(summary=SCRIPT, actor_label=SCRIPT, resource=SCRIPT[:90], action=SCRIPT[:90],
                       object_id=SCRIPT, object_ids=[SCRIPT], request_data={SCRIPT: SCRIPT},
                       response_data={SCRIPT: SCRIPT})  # fmt: skip
    row = make_delivery(event=event, **POSSIBLE["dead"])
    errors = [{"at": row.queued_at.isoformat(), "attempt": 1, "kind": SCRIPT, "message": SCRIPT}]
    Delivery.objects.filter(pk=row.pk).update(errors=errors)
    log_in(chromium, live_server, admin)
    for name in ("overview", "actions", "event", "deliveries", "dead letters", "publisher"):
        chromium.get(f"{live_server.url}{PAGES[name](row)}")
        assert chromium.execute_script("return window.wasRun") is None, name
    assert ActionEvent.objects.count() == 1
