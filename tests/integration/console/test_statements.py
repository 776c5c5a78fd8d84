"""How many statements each screen takes, whatever it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from dj_actions.models import Delivery, PublisherState
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import MEMORY, MakeSent
from tests.integration.console.conftest import BrowserOf
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

LOGGED_IN = 4
"""Statements for the session, the user and the permissions."""

STATEMENTS: Mapping[str, int] = {
    "overview": 8,
    "actions": 1,
    "event": 4,
    "deliveries": 1,
    "dead_letters": 3,
    "publishers": 6,
    "publisher": 8,
    "runs": 3,
    "catalogue": 0,
    "search": 6,
}
"""Screen → statements on PostgreSQL in addition to those; 12 in all are allowed."""


def configure(settings: Settings, number: int) -> None:
    publishers: dict[str, Any] = {f"p{each}": {"BACKEND": MEMORY} for each in range(number)}
    settings.DJ_ACTIONS = {"PUBLISHERS": publishers}


def fill(make_delivery: MakeDelivery, make_sent: MakeSent, publisher: str) -> Delivery:
    for fields in POSSIBLE.values():
        row = make_delivery(publisher=publisher, **fields)
    PublisherState.objects.open_breaker(publisher, seconds=60, reason="down")
    make_sent(publisher=publisher)
    return row


def statements_of(browser: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


@pytest.mark.postgres
@pytest.mark.parametrize("screen", STATEMENTS)
def test_each_screen_takes_few_statements_whatever_the_number_of_publishers(
    settings: Settings, browser_of: BrowserOf, make_delivery: MakeDelivery, make_sent: MakeSent,
    screen: str,
) -> None:  # fmt: skip
    browser = browser_of("view_console", "view_payloads")
    counts = []
    for number in (1, 9):
        configure(settings, number)
        rows = [fill(make_delivery, make_sent, f"p{each}") for each in range(number)]
        arguments: dict[str, list[Any]] = {"event": [rows[0].event_id], "publisher": ["p0"]}
        url = reverse(f"dj_actions_console:{screen}", args=arguments.get(screen, []))
        counts.append(statements_of(browser, f"{url}?q=7" if screen == "search" else url))
    expected = LOGGED_IN + STATEMENTS[screen]
    assert counts == [expected, expected]
    assert expected <= 12


@pytest.mark.postgres
@pytest.mark.parametrize("text", ["c232ab00-9414-11e8-8080-80000000abcd", "nothing", "5" * 18])
def test_a_search_that_tries_everything_takes_few_statements(
    browser_of: BrowserOf, text: str
) -> None:
    url = f"{reverse('dj_actions_console:search')}?q={text}"
    assert statements_of(browser_of("view_console"), url) <= 12


def test_the_first_screen_takes_few_statements_on_any_database(
    settings: Settings, browser: Client, make_delivery: MakeDelivery, make_sent: MakeSent
) -> None:
    configure(settings, 3)
    for alias in ("p0", "p1", "p2"):
        fill(make_delivery, make_sent, alias)
    assert statements_of(browser, reverse("dj_actions_console:overview")) <= 12
