"""The unmodified client `getstream` of npm on a page in a real browser, with a user's token.

The page `javascript/page.html` has another origin than the feeds server, so the browser asks the
server what it allows. The bundle for pages in version 8.14.0 of the package is built from 8.4.0.

The tests run if Chromium is installed and `npm install` was run in the folder `javascript`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.fixtures.chromium import open_chromium, requires_chromium
from tests.integration.stream.server.calls import API_KEY, token

FOLDER = Path(__file__).parent / "javascript"

pytestmark = [
    requires_chromium,
    pytest.mark.skipif(
        not (FOLDER / "node_modules").is_dir(), reason=f"requires `npm install` in {FOLDER.name}"
    ),
]


class Files(SimpleHTTPRequestHandler):
    """Serves the page and the client, and logs nothing."""

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class Page:
    """The page, with a client that is connected as a user.

    Args:
        driver: the browser that shows it.
    """

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script on the page returns, after its promise is fulfilled."""
        return self._driver.execute_script(script, *arguments)

    def status_of(self, request: str) -> int | None:
        """Return the status with which the server refuses a request; None without a response."""
        script = f"return {request}.then(() => 'fulfilled', (error) => error.response?.status)"
        status: int | None = self.run(script)
        return status

    @property
    def entries(self) -> list[str]:
        """What a reader sees of a feed."""
        return [entry.text for entry in self._driver.find_elements(By.CSS_SELECTOR, "#feed li")]

    def new_errors(self) -> list[str]:
        """Return the errors in the console since the last call."""
        return new_errors(self._driver)


def new_errors(driver: Chrome) -> list[str]:
    """Return the errors in the browser's console since the last call."""
    logged = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in logged if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    with open_chromium(javascript=True) as driver:
        yield driver


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The origin of the page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=FOLDER)) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_page(live_server: LiveServer, driver: Chrome, origin: str) -> Callable[[str], Page]:
    """Open the page as a user."""

    def open_page(user_id: str) -> Page:
        url = f"http://localhost:{live_server.thread.port}"
        values = {"url": url, "key": API_KEY, "token": token({"user_id": user_id})}
        new_errors(driver)  # those of an earlier test
        driver.get(f"{origin}/page.html?{urlencode(values)}")
        return Page(driver)

    return open_page


@pytest.fixture
def ann(open_page: Callable[[str], Page]) -> Page:
    """The page of a user who has a name."""
    page = open_page("ann")
    page.run("return client.setUser({ name: 'Ann' }).then(() => null)")
    return page


def test_a_user_adds_reacts_and_reads(ann: Page) -> None:
    added = ann.run("return client.feed('user').addActivity({ verb: 'add', object: 'todo:1' })")
    like = ann.run("return client.reactions.add('like', arguments[0])", added["id"])
    (shown,) = ann.run(
        "return show(client.feed('user'), { reactions: { own: true, counts: true } })"
    )

    assert (added["actor"], shown["id"]) == ("SU:ann", added["id"])
    assert shown["actor"] == like["user"]
    assert [own["id"] for own in shown["own_reactions"]["like"]] == [like["id"]]
    assert shown["reaction_counts"] == {"like": 1}
    assert ann.entries == ["Ann add todo:1"]
    assert ann.new_errors() == []


def test_a_user_changes_and_deletes(ann: Page) -> None:
    added = ann.run("return client.feed('user').addActivity({ verb: 'add', object: 'todo:1' })")
    comment = ann.run("return client.reactions.add('comment', arguments[0])", added["id"])
    changed = ann.run("return client.reactions.update(arguments[0], { text: 'x' })", comment["id"])
    assert changed["data"] == {"text": "x"}

    ann.run("return client.feed('user').removeActivity(arguments[0])", added["id"])
    assert ann.run("return show(client.feed('user'))") == []
    assert ann.new_errors() == []


def test_a_user_follows(ann: Page, stream_client: Any) -> None:
    stream_client.users.add("bob", {"name": "Bob"})
    stream_client.feed("user", "bob").add_activity(
        {"actor": "SU:bob", "verb": "add", "object": "todo:2"}
    )
    ann.run("return client.feed('timeline').follow('user', 'bob')")
    followed = ann.run("return client.feed('timeline').following()")["results"]
    ann.run("return show(client.feed('timeline'))")

    assert [follow["target_id"] for follow in followed] == ["user:bob"]
    assert ann.entries == ["Bob add todo:2"]

    ann.run("return client.feed('timeline').unfollow('user', 'bob')")
    ann.run("return show(client.feed('timeline'))")
    assert ann.entries == []
    assert ann.new_errors() == []


def test_a_user_sees_own_notifications_only(ann: Page, stream_client: Any) -> None:
    for user_id in ("ann", "bob"):
        stream_client.feed("notification", user_id).add_activity(
            {"actor": "SU:ann", "verb": "follow", "object": "1"}
        )
    unseen = ann.run("return client.feed('notification').get({ mark_seen: true })")
    seen = ann.run("return client.feed('notification').get()")
    assert (unseen["unseen"], seen["unseen"], seen["unread"]) == (1, 0, 1)
    assert ann.new_errors() == []

    assert ann.status_of("client.feed('notification', 'bob').get()") == 403
    (error,) = ann.new_errors()
    assert "403" in error


def test_a_page_of_an_origin_that_is_not_allowed_reads_nothing(
    open_page: Callable[[str], Page], settings: Settings
) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "ALLOWED_ORIGINS": ["http://elsewhere"]}
    page = open_page("ann")

    assert page.status_of("client.feed('user').get()") is None
    assert any("blocked by CORS policy" in error for error in page.new_errors())
