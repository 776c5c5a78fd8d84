"""Browsers that look at the live server of a test.

They are imported by the tests that use them: others run where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture(scope="module")
def browser_with_scripts() -> Iterator[Chrome]:
    """A browser that runs scripts."""
    with _opened(javascript=True) as driver:
        yield driver


@pytest.fixture(scope="module")
def browser_without_scripts() -> Iterator[Chrome]:
    """A browser that runs no scripts."""
    with _opened(javascript=False) as driver:
        yield driver


@pytest.fixture
def chromium(browser_with_scripts: Chrome, live_server: LiveServer) -> Iterator[Chrome]:
    """A browser that runs scripts, and leaves the page before the tables are emptied."""
    yield browser_with_scripts
    _leave(browser_with_scripts)


@pytest.fixture
def scriptless(browser_without_scripts: Chrome, live_server: LiveServer) -> Iterator[Chrome]:
    """A browser that runs no scripts, and leaves the page before the tables are emptied."""
    yield browser_without_scripts
    _leave(browser_without_scripts)


def _opened(*, javascript: bool) -> AbstractContextManager[Chrome]:
    from tests.fixtures.chromium import open_chromium  # noqa: PLC0415 - see above

    return open_chromium(javascript=javascript)


def _leave(driver: Chrome) -> None:
    from tests.fixtures.browsing import leave  # noqa: PLC0415 - see above

    leave(driver)
