"""Acting on runs, and copying calls, in a real browser: with scripts, without, and accessible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from dj_actions.models import Delivery
from dj_actions.operations.batches import STEP_SIZE
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.browsing import (
    POLICIES,
    SCHEMES,
    SCRIPT,
    SIZES,
    complaints,
    log_in,
    requires_axe,
    violations,
    wait_for,
    wait_for_text,
    with_policy,
    with_screen,
)
from tests.fixtures.chromium import requires_chromium
from tests.integration.console.test_run_acts import painter, painters
from tests.integration.outbox.test_records import POSSIBLE

__all__ = ["painters"]

pytestmark = [
    requires_chromium,
    pytest.mark.slow,  # in a browser; shorter tests guard the same pages
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("painters"),
]

RUNS = reverse("dj_actions_console:runs")
MARK_DONE = reverse("dj_actions_console:action", args=["todo", "mark_done"])

Visit = Callable[[Chrome, str], None]


@pytest.fixture
def running(make_delivery: MakeDelivery) -> list[Delivery]:
    """More runs than one step can process."""
    return [
        make_delivery(publisher="one", **POSSIBLE["running"] | {"receipt_id": f"run-{number}"})
        for number in range(STEP_SIZE + 2)
    ]


def find(driver: Chrome, selector: str) -> WebElement:
    element: WebElement = wait_for(
        driver, lambda found: found.find_element(By.CSS_SELECTOR, selector)
    )
    return element


def select_all(driver: Chrome, server: LiveServer) -> None:
    driver.get(f"{server.url}{RUNS}")
    for box in driver.find_elements(By.CSS_SELECTOR, "input[name=selected]"):
        box.click()
    driver.find_element(By.XPATH, "//button[starts-with(., 'Paint it')]").click()


def fill_in(driver: Chrome, step: str) -> None:
    for name, text in (("input-color", "red"), ("input-reason", "it was grey")):
        field = find(driver, f"[name={name}]")
        field.clear()
        field.send_keys(text)
    find(driver, f"button[value={step}]").click()


def pages(driver: Chrome, server: LiveServer, row: Delivery, visit: Visit) -> None:
    """Visit each page of this part of the console."""
    driver.get(f"{server.url}{RUNS}?failing=on")
    visit(driver, "failing runs")
    select_all(driver, server)
    wait_for_text(driver, "It gets a color.")
    visit(driver, "form")
    fill_in(driver, "preview")
    wait_for_text(driver, "What would happen")
    visit(driver, "preview")
    find(driver, "button[value=run]").click()
    wait_for_text(driver, "What came of it")
    visit(driver, "record")
    driver.get(f"{server.url}{reverse('dj_actions_console:event', args=[row.event_id])}")
    visit(driver, "event")
    driver.get(f"{server.url}{MARK_DONE}")
    find(driver, "button[value=samples]").click()
    wait_for_text(driver, "With the values of the form")
    for part in driver.find_elements(By.TAG_NAME, "summary"):
        part.click()
    visit(driver, "samples")


@pytest.mark.parametrize("policy", POLICIES)
def test_no_page_violates_the_policy_or_logs_an_error(
    settings: Settings, chromium: Chrome, live_server: LiveServer, admin: User,
    running: list[Delivery], policy: str,
) -> None:  # fmt: skip
    with_policy(settings, policy)
    log_in(chromium, live_server, admin)
    found: dict[str, list[str]] = {}
    pages(
        chromium,
        live_server,
        running[0],
        lambda driver, name: found.update({name: complaints(driver)}),
    )
    assert not any(found.values()), found
    assert len(painter.calls) == 2


@requires_axe
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_page_is_accessible(
    chromium: Chrome, live_server: LiveServer, admin: User,
    running: list[Delivery], size: tuple[int, int], scheme: str,
) -> None:  # fmt: skip
    with_screen(chromium, *size, scheme)
    log_in(chromium, live_server, admin)
    found: dict[str, Any] = {}

    def check(driver: Chrome, name: str) -> None:
        found[name] = violations(driver)
        width = driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= size[0], f"{name} is wider than the screen"

    pages(chromium, live_server, running[0], check)
    assert not any(found.values()), found


def test_the_steps_follow_one_another_by_themselves(
    chromium: Chrome, live_server: LiveServer, admin: User,
    running: list[Delivery],
) -> None:  # fmt: skip
    log_in(chromium, live_server, admin)
    select_all(chromium, live_server)
    fill_in(chromium, "preview")
    wait_for_text(chromium, "It would be red")
    find(chromium, "button[value=run]").click()

    wait_for_text(chromium, f"Done for {len(running)} of {len(running)} deliveries.")
    assert [len(keys) for keys, _ in painter.calls] == [STEP_SIZE, 2]


def test_without_scripts_a_person_continues(
    scriptless: Chrome, live_server: LiveServer, admin: User,
    running: list[Delivery],
) -> None:  # fmt: skip
    log_in(scriptless, live_server, admin)
    select_all(scriptless, live_server)
    fill_in(scriptless, "preview")
    find(scriptless, "button[value=run]").click()
    wait_for_text(scriptless, f"{STEP_SIZE} of {len(running)} deliveries are processed")
    assert not scriptless.find_elements(By.CSS_SELECTOR, "button.copy")
    scriptless.find_element(By.XPATH, "//button[. = 'Continue']").click()

    wait_for_text(scriptless, f"Done for {len(running)} of {len(running)}")
    scriptless.get(f"{live_server.url}{MARK_DONE}")
    copies = scriptless.find_elements(By.CSS_SELECTOR, "button.copy")
    assert copies
    assert not any(button.is_displayed() for button in copies)


def test_a_call_is_copied(
    chromium: Chrome, live_server: LiveServer, admin: User, make_event: MakeEvent,
) -> None:  # fmt: skip
    event = make_event(resource="todo", action="mark_done", object_id="7", object_ids=["7"],
                       request_data={"note": "it's"})  # fmt: skip
    chromium.execute_cdp_cmd(
        "Browser.grantPermissions",
        {
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
            "origin": live_server.url,
        },
    )
    log_in(chromium, live_server, admin)
    chromium.get(f"{live_server.url}{reverse('dj_actions_console:event', args=[event.pk])}")
    wanted = {
        "[data-copy=sample-curl]": "curl -X POST",
        "[data-copy-url$='test.txt']": "def test_todo_mark_done(rows)",
        "[data-copy-url$='cloudevent.json']": '"specversion": "1.0"',
    }
    for part in chromium.find_elements(By.TAG_NAME, "summary"):
        chromium.execute_script("arguments[0].parentElement.open = true", part)
    for selector, words in wanted.items():
        button = chromium.find_element(By.CSS_SELECTOR, selector)
        button.click()
        wait_for_text(chromium, "Copied")
        chromium.execute_script("arguments[0].textContent = 'was copied'", button)
        copied = chromium.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
        assert words in copied
    assert complaints(chromium) == []


def test_no_text_of_others_is_run(
    chromium: Chrome, live_server: LiveServer, admin: User,
    running: list[Delivery],
) -> None:  # fmt: skip
    report = {"hint": SCRIPT, "failure": {"task": SCRIPT, "exception": SCRIPT, "log": [SCRIPT]}}
    Delivery.objects.update(receipt_id=SCRIPT, receipt_scope=SCRIPT, remote_report=report)
    log_in(chromium, live_server, admin)
    found: dict[str, Any] = {}

    def check(driver: Chrome, name: str) -> None:
        found[name] = driver.execute_script("return window.wasRun")

    pages(chromium, live_server, running[0], check)
    assert not any(found.values()), found
