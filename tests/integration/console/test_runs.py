"""The remote runs: beside their actions, with the reasons of failures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from dj_actions.models import Delivery
from tests.conftest import MakeDelivery
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

RUNS = reverse("dj_actions_console:runs")


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


def test_a_run_that_takes_longer_than_usual_is_marked(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    for _ in range(3):
        ended = make_delivery(**POSSIBLE["succeeded"])
        Delivery.objects.filter(pk=ended.pk).update(
            sent_at=Now(), first_sent_at=Now(), sending_seconds=0.1,
            settled_at=Now() - timedelta(seconds=60),
            remote_ended_at=Now() - timedelta(seconds=50),
        )  # fmt: skip
    row = make_delivery(**POSSIBLE["running"])
    Delivery.objects.filter(pk=row.pk).update(settled_at=Now() - timedelta(minutes=5))
    assert "longer than usual" in browser.get(RUNS).content.decode()
