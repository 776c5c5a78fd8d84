"""Queries and transitions of operators."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dj_actions.models import Delivery
from dj_actions.states import SETTLED_STATES, DeliveryState
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def of_all_states(make_delivery: MakeDelivery) -> None:
    for name in ("pending", "sending", "delivered", "dead", "cancelled"):
        make_delivery(**POSSIBLE[name])


def states() -> list[str]:
    return [entry.state for entry in Delivery.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("operate", "after"),
    [
        (lambda rows: rows.cancel(), ["cancelled", "sending", "delivered", "dead", "cancelled"]),
        (lambda rows: rows.replay(), ["pending", "sending", "delivered", "pending", "cancelled"]),
        (lambda rows: rows.retry_now(), ["pending", "sending", "delivered", "dead", "cancelled"]),
    ],
    ids=["cancel", "replay", "retry"],
)
def test_only_what_is_in_the_right_state_changes(
    of_all_states: None, operate: Any, after: list[str]
) -> None:
    assert operate(Delivery.objects.all()) == 1
    assert states() == after


def test_a_replay_resets_attempts_and_age(make_delivery: MakeDelivery) -> None:
    old = timezone.now() - timedelta(days=30)
    delivery = make_delivery(**POSSIBLE["dead"], attempts=9, queued_at=old, available_at=old)
    Delivery.objects.replay()
    delivery.refresh_from_db()

    assert (delivery.state, delivery.attempts, delivery.settled_at) == ("pending", 0, None)
    assert delivery.queued_at == delivery.available_at > old


def test_a_retry_makes_a_pending_delivery_due(make_delivery: MakeDelivery) -> None:
    make_delivery(available_at=timezone.now() + timedelta(days=1))
    assert not Delivery.objects.due("memory").exists()
    Delivery.objects.retry_now()

    assert Delivery.objects.due("memory").exists()


def test_open_deliveries_are_those_that_are_not_settled(of_all_states: None) -> None:
    found = {entry.state for entry in Delivery.objects.open()}

    assert found == set(DeliveryState) - SETTLED_STATES


def test_records_can_hold_any_json(make_event: MakeEvent) -> None:
    value: Any = {"ü": [None, True, 1.5, 10**20, "\U0001f600 \\ \" '", {"": []}]}
    event = make_event(request_data=value, response_data=value, extra=value)
    event.refresh_from_db()

    assert event.request_data == event.response_data == event.extra == value
    assert json.dumps(event.extra) == json.dumps(value)
