"""Run the demonstration's programs, let something go wrong, and photograph the console.

Chromium has to be installed (`make browser`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from example.demo.client import EVENT_HEADER, TodoClient
from example.launch.airflow_environment import ROOT
from example.launch.process import wait_until
from example.launch.stack import ADMIN, Stack, open_stack
from tests.fixtures.chromium import open_chromium

IMAGES = ROOT / "docs" / "images"

SIZE = (1280, 900)
"""Pixels."""

SECONDS = 120.0

ACTIONS = (("Buy milk", "ann"), ("Water plants", "bob"), ("Call Eve", "ann"), ("Fix bike", "bob"))


def main() -> int:
    """Make all screenshots."""
    with open_stack(print) as stack:
        stack.start(relays=2)
        clients = {name: client_of(stack, name) for name in ("ann", "bob", ADMIN)}
        act(clients)
        todo, event_id = hand_over(clients)
        wait_until(lambda: is_settled(clients[ADMIN]), timeout=SECONDS, what="The DAG runs")
        with open_chromium(javascript=True) as driver:
            driver.set_window_size(*SIZE)
            log_in(driver, stack)
            photograph(driver, stack, "feeds/user/1/", "console-feed.png")
            photograph(driver, stack, f"events/{event_id}/", "console-timeline.png")
            stop_feeds_and_act(stack, clients["ann"])
            photograph(driver, stack, "", "console-overview.png")
            photograph(driver, stack, "log/", "console-actions.png")
            photograph(driver, stack, f"objects/?resource=todo&object={todo}", "console-object.png")
            photograph(driver, stack, "catalogue/todo/mark_done/", "console-action.png")
    return 0


def act(clients: Mapping[str, TodoClient]) -> None:
    """Run some actions."""
    for title, name in ACTIONS:
        client = clients[name]
        response = client.act(client.create(title), "mark_done", {"note": "done"})
        response.raise_for_status()


def hand_over(clients: Mapping[str, TodoClient]) -> tuple[int, str]:
    """Let Bob try to finish a todo of Ann, who then hands it over: its DAG calls an action.

    Returns:
        The todo, and the event of the hand-over.
    """
    todo = clients["ann"].create("Clean desk")
    clients["bob"].act(todo, "mark_done", {})  # refused
    response = clients["ann"].act(todo, "hand_over", {"to": "bob"})
    response.raise_for_status()
    return todo, response.headers[EVENT_HEADER]


def is_settled(admin: TodoClient) -> bool:
    """Return whether everything has arrived, and every run has ended."""
    return all(
        row["state"] == "delivered" and row["remote_state"] != "running"
        for event in admin.events()
        for row in event["deliveries"]
    )


def stop_feeds_and_act(stack: Stack, client: TodoClient) -> None:
    """Let the feeds server fail, so that the overview has something to show."""
    feeds = next(process for process in stack.processes if process.name == "feeds")
    feeds.stop()
    for number in range(6):
        client.act(client.create(f"Letter {number}"), "mark_done", {}).raise_for_status()


def client_of(stack: Stack, username: str) -> TodoClient:
    """Return a client of the API."""
    password = stack.secrets.password
    return TodoClient(base_url=stack.web_url, username=username, password=password)


def log_in(driver: Chrome, stack: Stack) -> None:
    """Log in as the administrator."""
    driver.get(f"{stack.web_url}/actions/")
    driver.find_element(By.NAME, "username").send_keys(ADMIN)
    driver.find_element(By.NAME, "password").send_keys(stack.secrets.password)
    driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()
    wait_until(
        lambda: driver.current_url.endswith("/actions/"), timeout=SECONDS, what="The console"
    )


def photograph(driver: Chrome, stack: Stack, path: str, name: str) -> None:
    """Save a screenshot of one page."""
    driver.get(f"{stack.web_url}/actions/{path}")
    file = Path(IMAGES / name)
    file.write_bytes(driver.get_screenshot_as_png())
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    sys.exit(main())
