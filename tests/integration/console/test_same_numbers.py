"""The console, the commands and the doctor report the same numbers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dj_actions.console.screens.publisher_rows import PublisherRow
from dj_actions.doctor.timings import check_timings
from dj_actions.models import Delivery, DeliveryCount
from dj_actions.outbox.queries import Counts
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import MakeSent, OutboxJSON
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]


@pytest.fixture
def filled(make_delivery: MakeDelivery, make_sent: MakeSent) -> None:
    for name in ("pending", "pending", "tried before", "dead", "sending"):
        make_delivery(**POSSIBLE[name])
    make_sent(ago=60, waited=2, took=0.031)
    make_sent(ago=7200, waited=4, took=1.5)
    make_sent(publisher="other", took=0.25)
    DeliveryCount.objects.add({"memory": Counts(delivered=3000, failed=17)})


def rows(browser: Client) -> dict[str, PublisherRow]:
    response = browser.get(reverse("dj_actions_console:overview"))
    return {row.alias: row for row in response.context["overview"].publishers}


def sample(samples: list[dict[str, Any]], name: str, **labels: str) -> float:
    (value,) = [
        entry["value"]
        for entry in samples
        if entry["name"] == name and entry["labels"].items() >= labels.items()
    ]
    return float(value)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("alias", ["memory", "other"])
def test_each_number_is_the_same_everywhere(
    browser: Client, outbox_json: OutboxJSON, alias: str
) -> None:
    row = rows(browser)[alias]
    (stats,) = outbox_json("stats", "--publisher", alias)
    metrics = outbox_json("metrics")
    assert row.timings
    assert row.timings.sending

    assert stats["last_24_hours"] == {
        "delivered": row.recent.delivered,
        "failed_attempts": row.recent.failed,
    }
    for outcome, value in (("delivered", row.recent.delivered), ("failed", row.recent.failed)):
        labels = {"publisher": alias, "outcome": outcome}
        assert sample(metrics, "dj_actions_recent_attempts", **labels) == value
    for state, value in (("pending", row.open.pending), ("dead", row.open.dead)):
        assert stats[state] == value
        labels = {"publisher": alias, "state": state}
        assert sample(metrics, "dj_actions_deliveries", **labels) == value
    for percentile, quantile in (("p50", "0.5"), ("p99", "0.99")):
        value = getattr(row.timings.sending, percentile)
        assert stats["timings"]["24 h"]["sending"][percentile] == value
        labels = {"publisher": alias, "window": "24h", "quantile": quantile}
        assert sample(metrics, "dj_actions_sending_seconds", **labels) == value


@pytest.mark.usefixtures("filled")
def test_the_doctor_reports_the_last_hour_of_the_page_of_a_publisher(browser: Client) -> None:
    page = browser.get(reverse("dj_actions_console:publisher", args=["memory"]))
    hour = page.context["timings"]["1 h"]
    assert hour == Delivery.objects.timings("memory", seconds=3600)
    assert hour.sending
    assert hour.sending.p50 == 0.031
    finding = next(found for found in check_timings(300) if found.message.startswith("memory"))
    assert "took 31 ms (p50), 31 ms (p99)" in finding.message
