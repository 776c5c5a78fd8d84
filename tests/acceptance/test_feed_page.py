"""The page of a feed in a real browser without JavaScript: on the example project's real parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from example.demo.client import EVENT_HEADER, TodoClient
from example.launch.process import wait_until
from example.launch.stack import ADMIN, Stack, open_stack
from tests.fixtures.chromium import open_chromium, requires_chromium

SECONDS = 60.0

SCREENSHOT = "FEED_PAGE_SCREENSHOT"
"""Environment variable: the file for the screenshot in docs/feeds.md."""

pytestmark = requires_chromium


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The todo project with a relay, and the feeds server."""
    with open_stack(lambda _text: None, database=os.environ["DATABASE_URL"]) as stack:
        stack.start(relays=1, airflow=False)
        yield stack


class Browser:
    """A browser in which a user is logged in.

    Args:
        driver: the browser.
        stack: the project.
    """

    def __init__(self, driver: Chrome, stack: Stack) -> None:
        self.driver = driver
        self._stack = stack

    def log_in(self, username: str) -> None:
        """Log in; a page that requires it leads to the form, which leads back."""
        self.driver.delete_all_cookies()
        self.open("user/me/")
        self.find("input[name=username]").send_keys(username)
        self.find("input[name=password]").send_keys(self._stack.secrets.password)
        self.click(self.find("input[type=submit]"))

    def open(self, path: str) -> None:
        """Open the page of a feed."""
        self.driver.get(f"{self._stack.web_url}/feeds/{path}")

    def open_until(self, path: str, text: str) -> None:
        """Open the page of a feed again and again until it has a text: a relay delivers it."""

        def is_shown() -> bool:
            self.open(path)
            return text in self.text

        wait_until(is_shown, timeout=SECONDS, what=f"{text!r} on {path}")

    def find(self, selector: str) -> WebElement:
        """Return an element of the page."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        """Return all such elements of the page."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    @property
    def text(self) -> str:
        """What a reader sees."""
        return self.find("body").text

    @property
    def sentences(self) -> list[str]:
        """The sentences about the entries of a feed, as a reader sees them."""
        return [entry.text for entry in self.find_all(".feed-sentence")]

    def press(self, label: str) -> None:
        """Press the button with this label."""
        self.click(self.driver.find_element(By.XPATH, f"//button[.='{label}']"))

    def follow(self, text: str) -> None:
        """Follow the link with this text."""
        self.click(self.driver.find_element(By.LINK_TEXT, text))

    def click(self, element: WebElement) -> None:
        """Click on an element that leads to another page, and wait for that page."""
        page = self.find("html")
        element.click()
        WebDriverWait(self.driver, SECONDS).until(staleness_of(page))


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[Browser]:
    """A browser that runs no JavaScript."""
    with open_chromium(javascript=False) as driver:
        yield Browser(driver, stack)


def test_a_reader_follows_what_happens(browser: Browser, stack: Stack) -> None:
    ann = client_of(stack, "ann")
    titles = ("Buy milk", "Water plants", "Call Eve")
    todos = [ann.create(title) for title in titles]
    for todo in todos:
        assert ann.act(todo, "mark_done", {}).status_code == 200
    browser.log_in("ann")
    browser.open_until("user/me/", "ann finished Call Eve")
    save_screenshot(browser)
    assert browser.find("h1").text == "Your activity"
    assert browser.sentences[:3] == [f"ann finished {title}" for title in reversed(titles)]
    browser.click(browser.find(".feed-sentence a[href^='/todos/']"))
    assert "Call Eve" in browser.text

    browser.open("user/me/?limit=2")
    browser.follow("Older")
    assert browser.sentences[0] == "ann finished Buy milk"
    browser.follow("Newest")
    assert browser.sentences[0] == "ann finished Call Eve"


def test_a_reader_without_activity_sees_that(browser: Browser) -> None:
    browser.log_in(ADMIN)

    assert browser.find("h1").text == "Your activity"
    assert "Nothing has happened here yet." in browser.text


def test_a_delivery_links_to_its_activity(browser: Browser, stack: Stack) -> None:
    ann, admin = client_of(stack, "ann"), client_of(stack, ADMIN)
    response = ann.act(ann.create("Fix bike"), "mark_done", {})
    event_id = response.headers[EVENT_HEADER]
    links: list[str] = []

    def is_delivered() -> bool:
        event = next(event for event in admin.events() if event["id"] == event_id)
        links[:] = [entry["receipt_url"] for entry in event["deliveries"] if entry["receipt_url"]]
        return bool(links)

    wait_until(is_delivered, timeout=SECONDS, what="the delivery")
    assert ann.act(ann.create("Pay rent"), "mark_done", {}).status_code == 200
    browser.log_in("ann")
    browser.open_until("user/me/", "Pay rent")
    browser.driver.get(links[0])
    assert browser.sentences[0] == "ann finished Fix bike"


def test_a_user_is_notified_and_marks_it_as_read(browser: Browser, stack: Stack) -> None:
    ann = client_of(stack, "ann")
    todo = ann.create("Clean desk")
    assert ann.act(todo, "hand_over", {"to": "bob"}).status_code == 200
    browser.log_in("bob")
    browser.open_until("notification/me/", "1 unread")
    assert "UNREAD" in browser.find(".feed-unread").text
    browser.press("Mark all as read")

    assert "0 unread" in browser.text
    assert browser.find_all(".feed-unread") == []


def test_a_user_follows_another(browser: Browser, stack: Stack) -> None:
    ann = client_of(stack, "ann")
    assert ann.act(ann.create("Water plants"), "mark_done", {}).status_code == 200
    ann_id = ann.request("POST", "/api/feeds/token/").json()["user_id"]
    browser.log_in("bob")
    browser.open_until(f"user/{ann_id}/", "Water plants")
    assert browser.find("h1").text == "Activity of ann"
    browser.press("Follow")
    browser.follow("Timeline")
    assert "ann finished Water plants" in browser.text

    browser.open(f"user/{ann_id}/")
    browser.press("Unfollow")
    browser.open("timeline/me/")
    assert "Nothing has happened here yet." in browser.text


def client_of(stack: Stack, username: str) -> TodoClient:
    """Return a client of the API."""
    password = stack.secrets.password
    return TodoClient(base_url=stack.web_url, username=username, password=password)


def save_screenshot(browser: Browser) -> None:
    """Save the screenshot of the docs, if that is requested."""
    if path := os.environ.get(SCREENSHOT):
        Path(path).write_bytes(browser.driver.get_screenshot_as_png())
