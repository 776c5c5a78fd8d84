"""Deliveries of dead relays are taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dj_actions.messages import Receipt
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.policies import RetryPolicy
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.settling.rescue import rescue
from dj_actions.states import DeliveryState
from tests.fixtures.relay import Queue, arrive, failure

pytestmark = pytest.mark.django_db


def claim_and_die(lane: Lane) -> Claimed:
    """Claim a delivery and let its lease expire, as a killed relay does."""
    (held,) = Delivery.objects.claim(lane.alias, limit=1, lease=60)
    Delivery.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    return held


def test_an_expired_lease_is_taken_over_and_delivered(lane: Lane, queue: Queue) -> None:
    queue()
    claim_and_die(lane)
    lane.run_once()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
    assert delivery.errors[0]["kind"] == "lease expired"


def test_a_lease_that_still_runs_is_left_alone(lane: Lane, queue: Queue) -> None:
    queue()
    Delivery.objects.claim("first", limit=1, lease=60)
    assert not lane.run_once()
    assert Delivery.objects.get().state == DeliveryState.SENDING


def test_a_message_that_kills_each_relay_ends_as_a_dead_letter(lane: Lane, queue: Queue) -> None:
    queue()
    for _ in range(4):
        claim_and_die(lane)
        Delivery.objects.update(state="pending", lease_token=None, lease_expires_at=None)
    claim_and_die(lane)
    lane.run_once()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, 5)
    assert "killed" in delivery.errors[-1]["message"]


def test_only_the_message_in_flight_is_blamed_for_a_killed_relay(lane: Lane, queue: Queue) -> None:
    queue(4)
    Delivery.objects.claim("first", limit=4, lease=60)
    Delivery.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert rescue("first", RetryPolicy()) == 4
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1]


def test_a_lease_that_is_renewed_meanwhile_is_not_taken(queue: Queue) -> None:
    queue()
    (held,) = Delivery.objects.claim("first", limit=1, lease=60)
    Delivery.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    (expired,) = Delivery.objects.expired("first", limit=1)
    Delivery.objects.renew(held.lease_token, lease=60)
    assert not Delivery.objects.put_back(expired, failure(), wait=0, expired=True)
    assert not Delivery.objects.give_up(expired, failure(), expired=True)
    assert Delivery.objects.release(held.lease_token, expired=True) == 0


def test_a_late_settlement_by_a_zombie_is_refused(lane: Lane, queue: Queue) -> None:
    queue()
    zombie = claim_and_die(lane)
    lane.run_once()
    receipt = Delivery.objects.get().receipt_id
    assert not arrive(zombie, Receipt(id="late"))
    assert Delivery.objects.get().receipt_id == receipt
