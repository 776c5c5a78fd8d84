"""Claiming, renewing, releasing and settling: who may touch a delivery when."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dj_actions.messages import Receipt
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.states import DeliveryState
from tests.fixtures.relay import Queue, arrive, failure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted_publishers")]

HOUR = timedelta(hours=1)


def claim(limit: int = 10, *, publisher: str = "first", lease: float = 60) -> list[Claimed]:
    return Delivery.objects.claim(publisher, limit=limit, lease=lease)


def test_a_claim_puts_one_token_and_a_lease_on_all_it_takes(queue: Queue) -> None:
    queue(3)
    claimed = claim()
    assert len({delivery.lease_token for delivery in claimed}) == 1
    stored = Delivery.objects.all()
    assert {delivery.state for delivery in stored} == {DeliveryState.SENDING}
    assert {delivery.attempts for delivery in stored} == {1}
    assert all(delivery.lease_expires_at for delivery in stored)


def test_a_claim_takes_the_longest_due_first_and_no_more_than_its_limit(queue: Queue) -> None:
    now = timezone.now()
    late, early, middle = (queue(available_at=now - hours * HOUR)[0] for hours in (1, 3, 2))
    assert [delivery.pk for delivery in claim(2)] == [early.pk, middle.pk]
    assert [delivery.pk for delivery in claim(2)] == [late.pk]


def test_a_claim_leaves_deliveries_that_are_not_due_or_of_another_publisher(queue: Queue) -> None:
    queue(available_at=timezone.now() + HOUR)
    queue(publisher="second")
    assert claim() == []


def test_a_claimed_delivery_cannot_be_claimed_again(queue: Queue) -> None:
    queue(2)
    assert len(claim()) == 2
    assert claim() == []


def test_a_release_undoes_the_claim(queue: Queue) -> None:
    queue(2)
    token = claim()[0].lease_token
    assert Delivery.objects.release(token) == 2
    assert Delivery.objects.filter(state=DeliveryState.PENDING, attempts=0).count() == 2


def test_a_release_leaves_settled_deliveries(queue: Queue) -> None:
    queue(2)
    first = claim()[0]
    arrive(first, Receipt(id="a"))
    assert Delivery.objects.release(first.lease_token) == 1
    assert Delivery.objects.get(pk=first.pk).state == DeliveryState.DELIVERED


def test_a_renewal_extends_only_the_lease_of_its_token(queue: Queue) -> None:
    queue(2)
    held = claim(1)[0]
    before = Delivery.objects.get(pk=held.pk).lease_expires_at
    assert before
    assert Delivery.objects.renew(held.lease_token, lease=3600) == 1
    after = Delivery.objects.get(pk=held.pk).lease_expires_at
    assert after
    assert after - before > timedelta(minutes=50)
    assert Delivery.objects.renew(uuid4(), lease=3600) == 0


def test_a_delivery_is_settled_once(queue: Queue) -> None:
    queue()
    held = claim()[0]
    assert arrive(held, Receipt(id="a"))
    assert not arrive(held, Receipt(id="b"))
    assert Delivery.objects.get().receipt_id == "a"


def test_a_zombie_cannot_settle_a_delivery_that_another_relay_has_taken_over(queue: Queue) -> None:
    queue()
    zombie = claim()[0]
    Delivery.objects.update(lease_expires_at=timezone.now() - HOUR)
    (expired,) = Delivery.objects.expired("first", limit=10)
    Delivery.objects.put_back(expired, failure("gone"), wait=0)
    holder = claim()[0]
    assert not arrive(zombie, Receipt(id="late"))
    assert not Delivery.objects.give_up(zombie, failure("late"))
    assert Delivery.objects.renew(zombie.lease_token, lease=60) == 0
    assert arrive(holder, Receipt(id="right"))
    assert Delivery.objects.get().receipt_id == "right"


def test_a_wait_is_counted_by_the_databases_clock(queue: Queue) -> None:
    queue()
    held = claim()[0]
    Delivery.objects.put_back(held, failure(), wait=3600)
    stored = Delivery.objects.get()
    assert timedelta(minutes=59) < stored.available_at - held.claimed_at < timedelta(minutes=61)


def test_errors_are_bounded_and_repetitions_counted(queue: Queue) -> None:
    queue()
    for number in range(30):
        held = claim()[0]
        message = "same" if number >= 20 else str(number)
        Delivery.objects.put_back(held, failure(message), wait=-1)
    errors = Delivery.objects.get().errors
    assert [entry["message"] for entry in errors[:2]] == ["0", "10"]
    assert len(errors) == 21
    assert (errors[-1]["message"], errors[-1]["times"]) == ("same", 10)


def test_only_pending_deliveries_can_be_cancelled_or_retried(queue: Queue) -> None:
    queue(2)
    claim(1)
    assert Delivery.objects.all().retry_now() == 1
    assert Delivery.objects.all().cancel() == 1
    states = set(Delivery.objects.values_list("state", flat=True))
    assert states == {DeliveryState.SENDING, DeliveryState.CANCELLED}


def test_a_replay_resets_a_delivery_and_keeps_its_errors(queue: Queue) -> None:
    queue(2, queued_at=timezone.now() - 100 * HOUR)
    Delivery.objects.give_up(claim(1)[0], failure("no"))
    assert Delivery.objects.all().replay() == 1
    replayed = Delivery.objects.exclude(errors=[]).get()
    assert (replayed.state, replayed.attempts, replayed.settled_at) == ("pending", 0, None)
    assert timezone.now() - replayed.queued_at < HOUR


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_relays_never_claim_the_same_nor_wait_for_each_other(queue: Queue) -> None:
    queue(20)
    others: list[Claimed] = []

    def other_relay() -> None:
        try:
            others.extend(claim())
        finally:
            connection.close()

    with transaction.atomic():
        ours = claim()  # its rows stay locked until our transaction ends
        thread = threading.Thread(target=other_relay)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
    assert len(ours) == len(others) == 10
    assert {entry.pk for entry in ours}.isdisjoint(entry.pk for entry in others)
