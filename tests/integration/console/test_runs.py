"""The remote runs: beside their actions, with the reasons of failures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.models import Delivery
from tests.conftest import MakeDelivery
from tests.integration.outbox.test_records import NOW, POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

RUNS = reverse("dj_actions_console:runs")

BEFORE = f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M}"
"""A day before most runs were started, as the browser sends it."""


def test_only_deliveries_with_a_run_are_listed(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    made = {name: make_delivery(**fields).pk for name, fields in POSSIBLE.items()}
    listed = [row.pk for row in browser.get(RUNS).context["page"].rows]
    with_run = [made[name] for name, fields in POSSIBLE.items() if "remote_state" in fields]
    assert listed == sorted(with_run, reverse=True)
    assert len(with_run) < len(made)
    running = browser.get(RUNS, {"remote_state": "running"}).context["page"].rows
    assert [row.pk for row in running] == [made["running"]]
    assert browser.get(RUNS, {"remote_state": "untracked"}).status_code == 400


def test_a_failure_is_explained_in_the_list_and_on_the_timeline(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    row = make_delivery(**POSSIBLE["succeeded"])
    failure = {"task": "write_report", "exception": "ValueError: <no>", "log": ["one", "the end"],
               "url": "https://airflow.example/tasks/write_report"}  # fmt: skip
    history = [
        {"state": "running", "detail": "queued", "at": row.queued_at.isoformat()},
        {"state": "failed", "detail": "failed", "at": row.queued_at.isoformat()},
    ]
    Delivery.objects.filter(pk=row.pk).update(
        remote_state="failed", remote_report={"failure": failure}, remote_history=history
    )
    assert "write_report: ValueError: &lt;no&gt;" in browser.get(RUNS).content.decode()
    page = browser.get(reverse("dj_actions_console:event", args=[row.event_id])).content.decode()
    assert "the end" in page
    assert 'href="https://airflow.example/tasks/write_report"' in page


def test_the_last_line_of_the_log_is_in_the_list(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    row = make_delivery(**POSSIBLE["succeeded"])
    failure = {"task": "write_report", "exception": "ValueError", "log": ["one", "<the end>"]}
    Delivery.objects.filter(pk=row.pk).update(
        remote_state="failed", remote_report={"failure": failure}
    )
    assert "&lt;the end&gt;" in browser.get(RUNS).content.decode()


@pytest.fixture
def runs(make_delivery: MakeDelivery) -> dict[str, Delivery]:
    """Runs of two publishers and DAGs: one has ended well, others not."""
    stuck = {"remote_report": {"hint": "the DAG is paused"}, "receipt_scope": "slow"}
    failed = {**POSSIBLE["succeeded"], "remote_state": "failed", "receipt_scope": "slow"}
    long_ago = NOW - timedelta(days=2)
    return {
        "fine": make_delivery(**POSSIBLE["succeeded"], receipt_scope="quick"),
        "failed": make_delivery(**failed),
        "stuck": make_delivery(publisher="other", **POSSIBLE["running"] | stuck),
        "running": make_delivery(**POSSIBLE["running"], receipt_scope="quick"),
        "old": make_delivery(**POSSIBLE["succeeded"] | {"settled_at": long_ago}),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"publisher": "other"}, {"stuck"}),
        ({"remote_state": "failed"}, {"failed"}),
        ({"receipt_scope": "quick"}, {"fine", "running"}),
        ({"failing": "on"}, {"failed", "stuck"}),
        ({"failing": "on", "publisher": "memory"}, {"failed"}),
        ({"until": BEFORE}, {"old"}),
        ({"since": BEFORE, "remote_state": "succeeded"}, {"fine"}),
    ],
)
def test_the_filters_are_in_the_url(
    browser: Client, runs: dict[str, Delivery], query: dict[str, str], expected: set[str]
) -> None:
    names = {row.pk: name for name, row in runs.items()}
    rows = browser.get(RUNS, query).context["page"].rows
    assert {names[row.pk] for row in rows} == expected


def test_pages_continue_where_the_one_before_has_ended(
    settings: Settings, browser: Client, runs: dict[str, Delivery]
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"PAGE_SIZE": 2}
    listed, page = [], browser.get(RUNS, {"publisher": "memory"})
    while True:
        listed += [row.pk for row in page.context["page"].rows]
        if not page.context["page"].older:
            break
        page = browser.get(f"{RUNS}{page.context['page'].older}")
    assert listed == sorted((row.pk for name, row in runs.items() if name != "stuck"), reverse=True)


@pytest.mark.parametrize(
    ("scope", "is_marked"), [("nightly", True), ("other", False)], ids=["same DAG", "other DAG"]
)
def test_a_run_that_takes_longer_than_those_of_its_dag_is_marked_with_the_number(
    browser: Client, make_delivery: MakeDelivery, scope: str, *, is_marked: bool
) -> None:
    for _ in range(3):
        ended = make_delivery(**POSSIBLE["succeeded"], receipt_scope="nightly")
        Delivery.objects.filter(pk=ended.pk).update(
            sent_at=Now(), first_sent_at=Now(), sending_seconds=0.1, sample_weight=1,
            settled_at=Now() - timedelta(seconds=60),
            remote_ended_at=Now() - timedelta(seconds=50),
        )  # fmt: skip
    row = make_delivery(**POSSIBLE["running"], receipt_scope=scope)
    Delivery.objects.filter(pk=row.pk).update(settled_at=Now() - timedelta(minutes=5))
    page = " ".join(browser.get(RUNS).content.decode().split())
    assert ("95 % of the last 3 runs of nightly took at most 10 s" in page) is is_marked


def test_the_first_screen_takes_few_statements(
    browser: Client, make_delivery: MakeDelivery, django_assert_max_num_queries: Any
) -> None:
    for publisher in ("memory", "other"):
        for _ in range(10):
            make_delivery(publisher=publisher, **POSSIBLE["running"])
    with django_assert_max_num_queries(12):
        browser.get(RUNS)
