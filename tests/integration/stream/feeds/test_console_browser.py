"""The feeds in the console, in a real browser, from the feeds server.

These tests run where Chromium is installed (`make browser`); those of accessibility also need
axe-core (`npm install` in `tests/integration/stream/server/javascript`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from dj_actions.context import ActionContext
from dj_actions.models import Delivery
from dj_actions.testing import drain
from example.todos.actions import MarkDone
from tests.conftest import Declare, MakeTodo
from tests.fixtures.browsing import (
    POLICIES,
    SCHEMES,
    SCRIPT,
    SECONDS,
    SIZES,
    complaints,
    log_in,
    requires_axe,
    violations,
    wait_for_text,
    with_policy,
    with_screen,
)
from tests.fixtures.chromium import requires_chromium
from tests.integration.stream.feeds.conftest import feeds_server_at

# Transactions of the test are seen by the server's threads only once they are committed.
pytestmark = [
    requires_chromium,
    pytest.mark.slow,  # in a browser; shorter tests guard the same pages
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]

INDEX = reverse("dj_actions_console:feeds:index")


def feed(group: str, feed_id: str) -> str:
    return reverse("dj_actions_console:feeds:feed", args=[group, feed_id])


PAGES: dict[str, Callable[[Delivery], str]] = {
    "feeds": lambda _: INDEX,
    "feed": lambda _: feed("user", "1"),
    "notifications": lambda _: feed("notification", "3"),
    "current": lambda row: reverse("dj_actions_console:current", args=[row.pk]),
    "event": lambda row: reverse("dj_actions_console:event", args=[row.event_id]),
}

REFUSED = {"forbidden": feed("notification", "2")}


@pytest.fixture(autouse=True)
def _project(
    settings: Settings, live_server: LiveServer, direct_connections: None
) -> Iterator[None]:
    """Publish to the live server, and read from it."""
    settings.DJ_ACTIONS_FEEDS = {"PAGE_SIZE": 2}
    with feeds_server_at(live_server, settings, to=["notification:3"]):
        yield


@pytest.fixture
def delivery(ann: User, make_todo: MakeTodo) -> Delivery:
    """The first of three deliveries of what ann did; the administrator was notified."""
    for number in range(3):
        MarkDone.run(actor=ann, object=make_todo(f"Todo {number}"), data={})
    drain()
    return Delivery.objects.earliest("pk")


@pytest.mark.parametrize("policy", POLICIES)
def test_no_page_violates_the_policy_or_logs_an_error(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User,
    delivery: Delivery, policy: str,
) -> None:  # fmt: skip
    with_policy(settings, policy)
    log_in(chromium, live_server, admin)
    for url_of in PAGES.values():
        chromium.get(f"{live_server.url}{url_of(delivery)}")
    wait_for_lookup(chromium, delivery)
    assert complaints(chromium) == []


@requires_axe
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_page_is_accessible(
    chromium: Chrome, live_server: LiveServer, admin: User, delivery: Delivery,
    size: tuple[int, int], scheme: str,
) -> None:  # fmt: skip
    with_screen(chromium, *size, scheme)
    log_in(chromium, live_server, admin)
    found = {}
    pages = {name: url_of(delivery) for name, url_of in PAGES.items()} | REFUSED
    for name, url in pages.items():
        chromium.get(f"{live_server.url}{url}")
        if name == "event":
            wait_for_lookup(chromium, delivery)
        chromium.execute_script(
            "for (const e of document.querySelectorAll('details')) e.open = true"
        )
        found[name] = violations(chromium)
        width = chromium.execute_script("return document.documentElement.scrollWidth")
        assert width <= size[0], f"{name} is wider than the screen"
    assert not any(found.values()), found


def test_what_is_in_the_feed_now_is_loaded_when_it_is_revealed(
    chromium: Chrome, live_server: LiveServer, admin: User, delivery: Delivery
) -> None:
    log_in(chromium, live_server, admin)
    chromium.get(f"{live_server.url}{PAGES['event'](delivery)}")
    part = wait_for_lookup(chromium, delivery)
    assert "user:1" in part
    assert "notification:3" in part
    assert chromium.current_url.endswith(PAGES["event"](delivery))


def test_the_way_from_an_event_to_its_feed_and_back_needs_no_script(
    scriptless: Chrome, live_server: LiveServer, admin: User, delivery: Delivery
) -> None:
    log_in(scriptless, live_server, admin)
    event = f"{live_server.url}{PAGES['event'](delivery)}"
    scriptless.get(event)
    scriptless.find_element(By.LINK_TEXT, "Look it up at feeds").click()
    wait_for_text(scriptless, "there")
    scriptless.find_element(By.LINK_TEXT, "Show in Feeds").click()
    wait_for_text(scriptless, "finished Todo 0")
    scriptless.find_element(By.TAG_NAME, "summary").click()
    wait_for_text(scriptless, str(delivery.event_id))
    scriptless.find_element(By.LINK_TEXT, "Timeline of todo.mark_done").click()
    assert scriptless.current_url == event


def test_a_feed_is_chosen_and_read_to_its_end_without_scripts(
    scriptless: Chrome, live_server: LiveServer, admin: User, delivery: Delivery
) -> None:
    log_in(scriptless, live_server, admin)
    scriptless.get(f"{live_server.url}{reverse('dj_actions_console:overview')}")
    scriptless.find_element(By.LINK_TEXT, "Feeds").click()
    scriptless.find_element(By.NAME, "feed").send_keys("user:1")
    scriptless.find_element(By.XPATH, "//button[.='Show']").click()
    wait_for_text(scriptless, "finished Todo 2")
    scriptless.find_element(By.LINK_TEXT, "Older").click()
    wait_for_text(scriptless, "finished Todo 0")
    scriptless.find_element(By.LINK_TEXT, "Newest").click()
    wait_for_text(scriptless, "finished Todo 2")


def test_no_text_of_others_is_run(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User,
    make_user: Any, make_todo: MakeTodo, declare: Declare,
) -> None:  # fmt: skip
    def say(context: ActionContext, data: object) -> None:
        context.emit(summary=SCRIPT, extra={SCRIPT: SCRIPT})

    eve = make_user("eve", pk=1, first_name=SCRIPT[:150])
    settings.DJ_ACTIONS_FEEDS = {"OBJECTS": {"todo": "example.todos.feeds.todos_seen_by"}}
    action = declare(say)
    action.run(actor=eve, object=make_todo(SCRIPT), data={})
    MarkDone.run(actor=eve, object=make_todo(SCRIPT), data={})
    drain()
    log_in(chromium, live_server, admin)
    for row in Delivery.objects.order_by("pk"):
        for name in ("feeds", "feed", "notifications", "current", "event"):
            chromium.get(f"{live_server.url}{PAGES[name](row)}")
            if name == "event":
                wait_for_lookup(chromium, row)
            assert chromium.execute_script("return window.wasRun") is None, name
    wait_for_text(chromium, "onerror")


def wait_for_lookup(driver: Chrome, delivery: Delivery) -> str:
    """Scroll to the part of the page that is loaded by itself, and return its text."""
    selector = f"#current-{delivery.pk}"
    element = driver.find_element(By.CSS_SELECTOR, selector)
    driver.execute_script("arguments[0].scrollIntoView()", element)
    loaded = f"{selector} .status"
    WebDriverWait(driver, SECONDS).until(lambda _: driver.find_elements(By.CSS_SELECTOR, loaded))
    return driver.find_element(By.CSS_SELECTOR, selector).text
