"""Browsers that look at the live server of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome

from tests.fixtures.browsing import leave
from tests.fixtures.chromium import open_chromium


@pytest.fixture(scope="module")
def browser_with_scripts() -> Iterator[Chrome]:
    """A browser that runs scripts."""
    with open_chromium(javascript=True) as driver:
        yield driver


@pytest.fixture(scope="module")
def browser_without_scripts() -> Iterator[Chrome]:
    """A browser that runs no scripts."""
    with open_chromium(javascript=False) as driver:
        yield driver


@pytest.fixture
def chromium(browser_with_scripts: Chrome, live_server: LiveServer) -> Iterator[Chrome]:
    """A browser that runs scripts, and leaves the page before the tables are emptied."""
    yield browser_with_scripts
    leave(browser_with_scripts)


@pytest.fixture
def scriptless(browser_without_scripts: Chrome, live_server: LiveServer) -> Iterator[Chrome]:
    """A browser that runs no scripts, and leaves the page before the tables are emptied."""
    yield browser_without_scripts
    leave(browser_without_scripts)
