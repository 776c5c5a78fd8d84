"""The console without a mouse: real keys in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from dj_actions.models import Delivery
from tests.conftest import MakeDelivery
from tests.fixtures.browsing import (
    POLICIES,
    SCHEMES,
    SECONDS,
    complaints,
    log_in,
    requires_axe,
    text_of,
    violations,
    with_policy,
    with_screen,
)
from tests.fixtures.chromium import requires_chromium
from tests.integration.console.test_browser import PAGES
from tests.integration.outbox.test_records import POSSIBLE

# Transactions of the test are seen by the server's threads only once they are committed.
pytestmark = [
    requires_chromium,
    pytest.mark.slow,  # in a browser; shorter tests guard the same pages
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("two_publishers"),
]

MAX_STOPS = 300
"""Presses of the Tab key after which a page counts as a trap."""

REACHABLE = """
return [...document.querySelectorAll(
  "a[href], button, input, select, textarea, summary, [tabindex='0']"
)].filter((element) =>
  element.checkVisibility() && !element.disabled && element.type !== "hidden" &&
  !(element.type === "radio" && !element.checked)
).map((element) => element.outerHTML);
"""
"""Returns what a mouse can reach."""


@pytest.fixture
def dead(make_delivery: MakeDelivery) -> list[Delivery]:
    """Three dead letters."""
    return [make_delivery(**POSSIBLE["dead"]) for _ in range(3)]


def press(driver: Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(driver).send_keys(key).perform()


def focused(driver: Chrome) -> WebElement:
    return driver.switch_to.active_element


def open_page(driver: Chrome, server: LiveServer, name: str, row: Delivery) -> None:
    driver.get(f"{server.url}{PAGES[name](row)}")


def stops(driver: Chrome) -> Iterator[WebElement]:
    """Yield each element that takes the focus, until the page is left."""
    for _ in range(MAX_STOPS):
        press(driver, Keys.TAB)
        element = focused(driver)
        if element.tag_name == "body":
            return
        yield element
    pytest.fail("The page does not let the focus go.")


def test_the_first_key_leads_past_the_header(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery]
) -> None:
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "overview", dead[0])
    press(chromium, Keys.TAB)
    link = focused(chromium)
    assert link.text == "Skip to the content"
    assert link.location["x"] >= 0
    press(chromium, Keys.ENTER)

    assert focused(chromium).get_attribute("id") == "main"
    press(chromium, Keys.TAB)
    is_inside = "return document.querySelector('main').contains(document.activeElement)"
    assert chromium.execute_script(is_inside)


def test_all_that_a_mouse_can_reach_is_reached_by_tab(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery]
) -> None:
    with_screen(chromium, 1280, 900)
    log_in(chromium, live_server, admin)
    missed = {}
    for name in PAGES:
        open_page(chromium, live_server, name, dead[0])
        reachable = set(chromium.execute_script(REACHABLE))
        reached = {element.get_attribute("outerHTML") for element in stops(chromium)}
        missed[name] = reachable - reached

    assert not any(missed.values()), missed


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_focus_is_visible(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery], scheme: str
) -> None:
    with_screen(chromium, 1280, 900, scheme)
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead[0])
    background = chromium.find_element(By.TAG_NAME, "body").value_of_css_property(
        "background-color"
    )
    invisible = [
        element.get_attribute("outerHTML")
        for element in stops(chromium)
        if element.value_of_css_property("outline-style") != "solid"
        or element.value_of_css_property("outline-width") != "3px"
        or element.value_of_css_property("outline-color") == background
    ]

    assert invisible == []


def test_a_slash_leads_to_the_search_and_escape_leaves_it(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery]
) -> None:
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "overview", dead[0])
    press(chromium, "/")
    search = focused(chromium)
    assert search.get_attribute("id") == "search"
    press(chromium, "j", "?")
    assert search.get_property("value") == "j?"
    assert not chromium.find_element(By.ID, "shortcuts").is_displayed()
    press(chromium, Keys.ESCAPE)

    assert focused(chromium).tag_name == "body"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_question_mark_shows_the_keys(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User,
    dead: list[Delivery], policy: str,
) -> None:  # fmt: skip
    with_policy(settings, policy)
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead[0])
    press(chromium, "j")
    before = focused(chromium)
    press(chromium, "?")
    dialog = chromium.find_element(By.ID, "shortcuts")
    assert dialog.is_displayed()
    assert "next or previous entry" in dialog.text
    press(chromium, "j")  # does nothing below the dialog
    press(chromium, Keys.ESCAPE)

    assert not dialog.is_displayed()
    assert focused(chromium) == before
    assert complaints(chromium) == []


@requires_axe
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_list_of_keys_is_accessible(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery], scheme: str
) -> None:
    with_screen(chromium, 320, 900, scheme)
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "overview", dead[0])
    chromium.find_element(By.ID, "shortcuts-open").click()

    assert chromium.find_element(By.ID, "shortcuts").is_displayed()
    assert violations(chromium) == []


def test_j_and_k_walk_through_the_entries(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery]
) -> None:
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead[0])
    newest, older, oldest = (str(row.pk) for row in reversed(dead))
    seen = []
    for key in "jjjkk":
        press(chromium, key)
        seen.append(focused(chromium).text)
    assert seen == [newest, older, oldest, older, newest]
    press(chromium, Keys.ENTER)

    assert str(dead[-1].event_id) in chromium.current_url


def test_a_dead_letter_is_replayed_by_keyboard(
    chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery]
) -> None:
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead[0])
    press(chromium, "j")
    ActionChains(chromium).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    press(chromium, Keys.SPACE)
    assert focused(chromium).get_attribute("name") == "selected"
    while not focused(chromium).text.startswith("Replay …"):
        ActionChains(chromium).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        assert focused(chromium).tag_name != "body"
    press(chromium, Keys.ENTER)
    WebDriverWait(chromium, SECONDS).until(lambda driver: "will be changed" in text_of(driver))
    while focused(chromium).tag_name != "textarea":
        press(chromium, Keys.TAB)
    press(chromium, *"back", Keys.TAB, Keys.ENTER)

    WebDriverWait(chromium, SECONDS).until(lambda driver: "1 delivery changed." in text_of(driver))
    assert [row.state for row in Delivery.objects.order_by("pk")] == ["dead", "dead", "pending"]


def test_the_focus_stays_where_it_is_when_the_page_is_updated(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User,
    dead: list[Delivery], make_delivery: MakeDelivery,
) -> None:  # fmt: skip
    settings.DJ_ACTIONS_CONSOLE = {"POLL_INTERVAL": 0.5}
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead[0])
    press(chromium, "j", "j")
    before = focused(chromium).text
    wait_for_poll(chromium)
    added = make_delivery()
    WebDriverWait(chromium, SECONDS).until(
        lambda driver: driver.find_elements(By.LINK_TEXT, str(added.pk))
    )

    assert focused(chromium).text == before == str(dead[1].pk)


# Live updates, and when there are none


def polls(driver: Chrome) -> int:
    """Return how often the page has asked whether anything changed."""
    names: Any = driver.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    return sum("/live/" in name for name in names)


def wait_for_poll(driver: Chrome) -> None:
    before = polls(driver)
    WebDriverWait(driver, SECONDS).until(lambda driver: polls(driver) > before)


def polls_of_three_intervals(driver: Chrome) -> int:
    """Return how often the page asks in the time of three questions."""
    before = polls(driver)
    driver.execute_async_script("setTimeout(arguments[0], 1600)")
    return polls(driver) - before


@pytest.fixture
def live(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User, dead: list[Delivery]
) -> Chrome:
    """A page of deliveries that has asked whether anything changed."""
    settings.DJ_ACTIONS_CONSOLE = {"POLL_INTERVAL": 0.5}
    log_in(chromium, live_server, admin)
    open_page(chromium, live_server, "deliveries", dead[0])
    wait_for_poll(chromium)
    return chromium


def test_a_page_does_not_ask_while_something_is_selected(live: Chrome) -> None:
    box = live.find_element(By.NAME, "selected")
    box.click()
    assert polls_of_three_intervals(live) <= 1  # one may have been on its way
    assert polls_of_three_intervals(live) == 0
    box.click()
    wait_for_poll(live)


def test_a_page_does_not_ask_while_updates_are_paused(live: Chrome) -> None:
    press(live, "p")
    button = live.find_element(By.ID, "live-pause")
    assert button.get_attribute("aria-pressed") == "true"
    assert polls_of_three_intervals(live) <= 1
    assert polls_of_three_intervals(live) == 0
    button.click()
    wait_for_poll(live)


def test_a_page_does_not_ask_while_its_tab_is_hidden(live: Chrome) -> None:
    window = live.get_window_rect()
    live.minimize_window()
    try:
        assert live.execute_script("return document.hidden")
        assert polls_of_three_intervals(live) <= 1
        assert polls_of_three_intervals(live) == 0
    finally:
        live.set_window_rect(**window)
    wait_for_poll(live)
