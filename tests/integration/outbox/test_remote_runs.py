"""Operators act on remote runs: which deliveries have one, and which run they follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from dj_actions.messages import Receipt, RemoteRun
from dj_actions.models import Delivery
from dj_actions.states import RemoteState
from tests.conftest import MakeDelivery
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

ANOTHER = Receipt(id="2", scope="reports", url="http://airflow/2", tracked=True)


def test_deliveries_with_a_remote_run_are_found(make_delivery: MakeDelivery) -> None:
    made = {name: make_delivery(**fields).pk for name, fields in POSSIBLE.items()}
    make_delivery(publisher="other", **POSSIBLE["running"])
    found = Delivery.objects.with_remote_run(["memory"])
    expected = {key for name, key in made.items() if "remote_state" in POSSIBLE[name]}

    assert {row.pk for row in found} == expected
    assert not Delivery.objects.with_remote_run([]).exists()


def test_a_running_run_is_due_now(make_delivery: MakeDelivery) -> None:
    later = {**POSSIBLE["running"], "remote_check_at": Now() + timedelta(hours=1)}
    chosen, other = make_delivery(**later), make_delivery(**later)
    ended = make_delivery(**POSSIBLE["succeeded"])
    Delivery.objects.matching(ids=[chosen.pk, ended.pk]).check_now()

    due = Delivery.objects.claim_tracking("memory", limit=9, interval=60)
    assert chosen.pk in {row.pk for row in due}
    assert other.pk not in {row.pk for row in due}


def test_the_history_of_a_run_has_a_time_zone_without_use_tz(
    make_delivery: MakeDelivery, settings: Settings
) -> None:
    make_delivery(**POSSIBLE["running"])
    settings.USE_TZ, settings.TIME_ZONE = False, "America/Adak"
    (row,) = Delivery.objects.claim_tracking("memory", limit=1, interval=60)
    ended = RemoteRun(state=RemoteState.SUCCEEDED)
    assert Delivery.objects.record_change(row, ended, report=None, wait=None)
    row.refresh_from_db()

    recorded_at = datetime.fromisoformat(row.remote_history[-1]["at"])
    assert abs(recorded_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["running", "succeeded"])
def test_another_run_is_followed(make_delivery: MakeDelivery, name: str) -> None:
    row = make_delivery(**POSSIBLE[name] | {"remote_detail": "the end"})

    assert Delivery.objects.follow_another_run(row.pk, instead_of="1", receipt=ANOTHER)
    row.refresh_from_db()
    assert (row.receipt_id, row.receipt_scope, row.receipt_url) == ("2", "reports", ANOTHER.url)
    assert (row.remote_state, row.remote_detail, row.remote_ended_at) == ("running", "", None)
    assert [due.pk for due in Delivery.objects.claim_tracking("memory", limit=9, interval=60)] == [
        row.pk
    ]


@pytest.mark.parametrize("name", ["pending", "sending", "dead"])
def test_a_delivery_that_is_replayed_meanwhile_follows_no_other_run(
    make_delivery: MakeDelivery, name: str
) -> None:
    row = make_delivery(**POSSIBLE[name])

    assert not Delivery.objects.follow_another_run(row.pk, instead_of="", receipt=ANOTHER)
    row.refresh_from_db()
    assert row.receipt_id == ""


def test_of_two_that_race_one_succeeds(make_delivery: MakeDelivery) -> None:
    row = make_delivery(**POSSIBLE["succeeded"])
    third = Receipt(id="3", scope="reports", tracked=True)

    assert Delivery.objects.follow_another_run(row.pk, instead_of="1", receipt=ANOTHER)
    assert not Delivery.objects.follow_another_run(row.pk, instead_of="1", receipt=third)
    row.refresh_from_db()
    assert row.receipt_id == "2"
