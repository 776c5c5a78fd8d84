"""Somebody who sees the console for the first time: reads what is on the screen, and clicks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from example.launch.stack import ADMIN, Stack

SECONDS = 60.0
SCREEN = (1280, 800)
"""Pixels."""

IS_ON_SCREEN = """
    const box = arguments[0].getBoundingClientRect();
    return box.width > 0 && box.top >= 0 && box.left >= 0 &&
        box.bottom <= innerHeight && box.right <= innerWidth;
"""
FIND_TEXT = """
    const range = document.createRange();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.data.includes(arguments[0])) continue;
        range.selectNodeContents(node);
        if (range.getClientRects().length) return node.parentElement;
    }
    return null;
"""


@dataclass(kw_only=True)
class Search:
    """How a question was answered."""

    question: str
    clicks: list[str] = field(default_factory=list)
    """What was clicked."""

    scrolls: int = 0
    """How often something was not on the screen."""

    seconds: float = 0.0


class Newcomer:
    """Answers questions by what the console says, from its first page on.

    Args:
        driver: a browser.
        stack: the project.
    """

    def __init__(self, driver: Chrome, stack: Stack) -> None:
        self.searches: list[Search] = []
        self._driver = driver
        self._home = f"{stack.web_url}/actions/"
        width, height = SCREEN
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        driver.get(self._home)
        driver.find_element(By.NAME, "username").send_keys(ADMIN)
        driver.find_element(By.NAME, "password").send_keys(stack.secrets.password)
        driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()
        self._until(lambda: driver.current_url == self._home)

    @contextmanager
    def asks(self, question: str) -> Iterator[Search]:
        """Begin on the first page; count clicks and time until the question is answered."""
        self._driver.get(self._home)
        search = Search(question=question)
        self.searches.append(search)
        started = time.monotonic()
        yield search
        search.seconds = time.monotonic() - started

    def click(self, text: str, *, within: str = "//body") -> None:
        """Click a link or a button.

        Args:
            text: what is written on it.
            within: an XPath expression of the part of the page that it is in.
        """
        kinds = " or ".join(f"self::{name}" for name in ("a", "button"))
        path = f"({within})//*[({kinds}) and normalize-space() = '{text}']"
        element: WebElement = self._until(lambda: self._driver.find_elements(By.XPATH, path))[0]
        self._look_at(element)
        element.click()
        self.searches[-1].clicks.append(text)

    def write(self, text: str) -> None:
        """Write into the only field for longer texts."""
        find = self._driver.find_elements
        self._until(lambda: find(By.TAG_NAME, "textarea"))[0].send_keys(text)

    def reads(self, *texts: str) -> None:
        """Wait until each of these texts is on the page; note which ones are off the screen."""
        for text in texts:
            self._look_at(self._until(partial(self._find, text)))

    def row_of(self, text: str) -> str:
        """Return what is written in the row of a table in which a text stands."""
        path = f"//tr[contains(normalize-space(), '{text}')]"
        row: WebElement = self._until(lambda: self._driver.find_elements(By.XPATH, path))[0]
        self._look_at(row)
        return " ".join(row.text.split())

    def cell_of(self, name: str, column: str) -> str:
        """Return what is written in a column of the row whose link has a name."""
        table = f"//table[.//th[normalize-space() = '{column}']]"
        place = (
            f"count({table}/thead/tr/th[normalize-space() = '{column}']/preceding-sibling::*) + 1"
        )
        path = f"{table}/tbody/tr[.//a[normalize-space() = '{name}']]/*[{place}]"
        cell: WebElement = self._until(lambda: self._driver.find_elements(By.XPATH, path))[0]
        self._look_at(cell)
        return cell.text

    def table(self) -> str:
        """Return the answers as lines: clicks, scrolls, seconds, and what was clicked."""
        lines = [
            f"{len(search.clicks)} clicks, {search.scrolls} scrolls, {search.seconds:4.1f} s  "
            f"{search.question}  ({', '.join(search.clicks) or 'nothing'})"
            for search in self.searches
        ]
        return "\n".join(lines)

    def _find(self, text: str) -> Any:
        return self._driver.execute_script(FIND_TEXT, text)

    def _look_at(self, element: WebElement) -> None:
        if not self._driver.execute_script(IS_ON_SCREEN, element):
            self.searches[-1].scrolls += 1
            self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)

    def _until(self, condition: Callable[[], Any]) -> Any:
        waiting = WebDriverWait(
            self._driver, SECONDS, ignored_exceptions=[StaleElementReferenceException]
        )
        return waiting.until(lambda _driver: condition())
