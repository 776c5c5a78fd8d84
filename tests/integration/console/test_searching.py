"""Lists of deliveries read a bounded number of rows, and say so where that leaves some out."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from dj_actions.models import Delivery
from dj_actions.outbox.queries import DeliveryQuerySet
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

DELIVERIES = reverse("dj_actions_console:deliveries")
RUNS = reverse("dj_actions_console:runs")

SEARCHED = 3
"""Deliveries that a page searches in these tests."""


@pytest.fixture(autouse=True)
def _few_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dj_actions.outbox.queries.lists.MAX_SCANNED", SEARCHED)


@pytest.fixture
def old(make_delivery: MakeDelivery, make_event: MakeEvent) -> dict[str, Delivery]:
    """A delivery of each kind, older than all that are searched."""
    found = {
        name: make_delivery(event=make_event(object_id=name), publisher="other", **fields)
        for name, fields in POSSIBLE.items()
    }
    for _ in range(SEARCHED):
        make_delivery(**POSSIBLE["succeeded"])
    return found


def page(browser: Client, url: str, **filters: str) -> Any:
    return browser.get(url, filters)


def keys(response: Any) -> list[int]:
    return [row.pk for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("url", "filters", "name"),
    [
        (DELIVERIES, {"state": "cancelled"}, "cancelled"),
        (DELIVERIES, {"error": "unavailable"}, "tried before"),
        (DELIVERIES, {"state": "delivered", "publisher": "other"}, "succeeded, checked again"),
        (RUNS, {"publisher": "other"}, "succeeded, checked again"),
    ],
)
def test_a_page_says_what_it_has_not_searched_and_searches_it_on_request(
    browser: Client, old: dict[str, Delivery], url: str, filters: dict[str, str], name: str
) -> None:
    response = page(browser, url, **filters)
    assert response.status_code == 200
    assert keys(response) == []
    text = response.content.decode()
    assert "Only the newest ones were searched" in text
    assert response.context["page"].searched_since is not None

    everywhere = browser.get(f"{url}{response.context['page'].everywhere}")
    assert old[name].pk in keys(everywhere)
    assert "Only the newest ones" not in everywhere.content.decode()
    # Nothing asks for such a page every few seconds.
    assert 'data-poll-interval="0"' in everywhere.content.decode()


@pytest.mark.parametrize(
    ("url", "filters", "name"),
    [
        (DELIVERIES, {"state": "dead"}, "dead"),
        (DELIVERIES, {"state": "dead", "publisher": "other"}, "dead"),
        (DELIVERIES, {"state": "pending", "publisher": "other"}, "pending"),
        (DELIVERIES, {"state": "retrying"}, "tried before"),
        (DELIVERIES, {"state": "sending"}, "sending"),
        (DELIVERIES, {"object": "cancelled", "state": "cancelled"}, "cancelled"),
        (DELIVERIES, {"remote_state": "running", "publisher": "other"}, "running"),
        (RUNS, {"remote_state": "running", "publisher": "other"}, "running"),
    ],
)
def test_what_an_index_has_is_found_however_old_it_is(
    browser: Client, old: dict[str, Delivery], url: str, filters: dict[str, str], name: str
) -> None:
    response = page(browser, url, **filters)
    assert old[name].pk in keys(response)
    assert "Only the newest ones" not in response.content.decode()


def test_a_full_page_leaves_nothing_out(
    settings: Any, browser: Client, old: dict[str, Delivery], make_delivery: MakeDelivery
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"PAGE_SIZE": 1}
    newest = [make_delivery(**POSSIBLE["cancelled"]).pk for _ in range(2)]
    first = page(browser, DELIVERIES, state="cancelled")
    assert keys(first) == newest[1:]
    assert "Only the newest ones" not in first.content.decode()
    # The next page searches those before its first row.
    second = browser.get(f"{DELIVERIES}{first.context['page'].older}")
    assert keys(second) == newest[:1]
    assert "Only the newest ones" in second.content.decode()


def test_an_unknown_search_is_refused(browser: Client) -> None:
    for url in (DELIVERIES, RUNS):
        assert page(browser, url, state="", search="some").status_code == 400


@pytest.mark.postgres
@pytest.mark.parametrize("url", [DELIVERIES, RUNS])
def test_a_search_that_takes_too_long_is_stopped_and_says_so(
    monkeypatch: pytest.MonkeyPatch, browser: Client, url: str
) -> None:
    def wait(*_: Any, **__: Any) -> list[Delivery]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return []

    monkeypatch.setattr(DeliveryQuerySet, "page_before", wait)
    monkeypatch.setattr("dj_actions.console.views.searching.SECONDS", 0.05)
    response = page(browser, url, search="all", publisher="other")

    assert response.status_code == 503
    assert "The search was stopped" in response.content.decode()


@pytest.mark.postgres
def test_another_fault_of_the_database_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, browser: Client
) -> None:
    def fail(*_: Any, **__: Any) -> list[Delivery]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return []

    monkeypatch.setattr(DeliveryQuerySet, "page_before", fail)
    browser.raise_request_exception = False
    assert page(browser, DELIVERIES, search="all", publisher="other").status_code == 500
