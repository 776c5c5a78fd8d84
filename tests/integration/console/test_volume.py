"""No page reads more than a bounded number of rows, whatever the tables hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from benchmarks.console.contents import load
from benchmarks.console.screens import first_screens, other_pages
from dj_actions.console.views.live import poll_url
from tests.fixtures.outbox import MEMORY

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

EVENTS = 12_000
"""Each with two deliveries: a page that scans a table reads more than it may."""

MAX_ROWS = 5100
"""Rows of a table that a statement may read: it counts to 5,000, and a page has 50."""

TABLES = {"dj_actions_actionevent", "dj_actions_delivery"}


@pytest.fixture
def volume(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # Less than the table has, as in a database with millions.
    monkeypatch.setattr("dj_actions.outbox.queries.lists.MAX_SCANNED", 5000)
    publishers = {alias: {"BACKEND": MEMORY} for alias in ("feeds", "pipelines", "rare")}
    settings.DJ_ACTIONS = {"PUBLISHERS": publishers}
    with connection.cursor() as cursor:
        load(cursor, first=1, last=EVENTS, of=EVENTS)
        cursor.execute("ANALYZE")


@pytest.mark.usefixtures("volume")
def test_no_page_reads_a_whole_table(browser: Client, admin: Any) -> None:
    pages = {**first_screens(), **other_pages(), "an idle page": poll_url(admin)}
    assert len(pages) > 30
    found = {}
    for title, url in pages.items():
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code in {200, 302}, title
        for statement in captured.captured_queries:
            sql = statement["sql"]
            if (rows := _most_rows(sql)) > MAX_ROWS:
                found[title] = (rows, sql)
    assert found == {}


@pytest.mark.usefixtures("volume")
def test_an_export_reads_page_after_page_and_counts_nothing(browser: Client) -> None:
    response = browser.get(reverse("dj_actions_console:export", args=["json"]), {"actor": "user7"})
    with CaptureQueriesContext(connection) as captured:
        lines = b"".join(response).splitlines()
    assert len(lines) == EVENTS // 211 + 1
    assert all("LIMIT 500" in statement["sql"] for statement in captured.captured_queries)

    response = browser.get(reverse("dj_actions_console:export", args=["csv"]))
    chunks = iter(response)
    with CaptureQueriesContext(connection) as captured:
        for _ in range(501):  # with the heading
            next(chunks)
    assert len(captured) == 1  # nothing is read ahead
    assert len(list(chunks)) == EVENTS - 500


@pytest.mark.usefixtures("volume")
def test_the_log_counts_no_rows(browser: Client) -> None:
    for query in ("", "?outcome=failed", "?resource=todo&actor=user7"):
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"{reverse('dj_actions_console:actions')}{query}")
        assert not any("COUNT(" in entry["sql"].upper() for entry in captured.captured_queries)


def _most_rows(sql: str) -> float:
    """Return the most rows of a table of ours that a node of the plan reads."""
    if not sql.startswith(("SELECT", "(", "WITH")):
        sql = sql.strip()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}".replace("%", "%%"), [])
        ((plans,),) = cursor.fetchall()
    (plan,) = json.loads(plans) if isinstance(plans, str) else plans
    nodes = _nodes(plan["Plan"])
    return max((_rows(node) for node in nodes if node.get("Relation Name") in TABLES), default=0)


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _rows(node: Mapping[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    rows: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return rows
