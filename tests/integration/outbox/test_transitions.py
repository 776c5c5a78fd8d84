"""The transitions of a delivery are those in the table of its states, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now

from dj_actions.messages import Receipt, RemoteRun
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.states import (
    DELIVERY_TRANSITIONS,
    REMOTE_TRANSITIONS,
    DeliveryState,
    RemoteState,
)
from tests.fixtures.relay import Queue, arrive, delivered, failure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted_publishers")]

TOKEN = UUID(int=1)

ROWS: dict[str, dict[str, Any]] = {
    DeliveryState.PENDING: {},
    DeliveryState.SENDING: {"lease_token": TOKEN, "lease_expires_at": Now(), "attempts": 1},
    DeliveryState.DELIVERED: {"settled_at": Now(), "receipt_id": "x"},
    DeliveryState.DEAD: {"settled_at": Now()},
    DeliveryState.CANCELLED: {"settled_at": Now()},
}


def deliver_the_next(row: Delivery) -> None:
    """Deliver a later delivery with the same ordering key."""
    event = ActionEvent.objects.create(resource="todo", action="mark_done", object_ids=["0"])
    sending = {"state": DeliveryState.SENDING} | ROWS[DeliveryState.SENDING]
    following = Delivery.objects.create(event=event, publisher="first", **sending)
    Delivery.objects.filter(pk=row.pk).update(ordering_scope="todo", ordering_key="0")
    own = {"pk": following.pk, "publisher": "first", "object_ids": ["0"]}
    ordering = {"ordering_scope": "todo", "ordering_key": "0"}
    claimed = Claimed(**dict.fromkeys(Claimed._fields) | own | ordering)  # type: ignore[arg-type]  # the rest does not matter
    arrived = [delivered(claimed, Receipt(id="y"))]
    assert Delivery.objects.supersede(TOKEN, arrived) == {following.pk}
    event.delete()


TRANSITIONS: dict[str, Callable[[Delivery], object]] = {
    "claim": lambda _row: Delivery.objects.claim("first", limit=1, lease=60),
    "release": lambda _row: Delivery.objects.release(TOKEN),
    "mark_delivered": lambda row: arrive(row, Receipt(id="y")),
    "put_back": lambda row: Delivery.objects.put_back(row, failure(), wait=0),
    "give_up": lambda row: Delivery.objects.give_up(row, failure()),
    "supersede": deliver_the_next,
    "cancel": lambda _row: Delivery.objects.all().cancel(),
    "replay": lambda _row: Delivery.objects.all().replay(),
    "replay_delivered": lambda _row: Delivery.objects.all().replay_delivered(),
    "retry_now": lambda _row: Delivery.objects.all().retry_now(),
}


@pytest.mark.parametrize("state", list(DeliveryState))
def test_each_state_can_be_left_as_its_table_says(queue: Queue, state: DeliveryState) -> None:
    reached = set()
    for transition in TRANSITIONS.values():
        row = queue(state=state, **ROWS[state])[0]
        transition(row)
        row.refresh_from_db()
        reached.add(row.state)
        row.delete()
    assert reached - {state} == DELIVERY_TRANSITIONS[state]


@pytest.mark.parametrize("state", list(RemoteState))
def test_each_remote_state_can_be_left_as_its_table_says(queue: Queue, state: RemoteState) -> None:
    ended = {"remote_ended_at": Now()}
    running = {"remote_check_at": Now()}
    values = {RemoteState.UNTRACKED: {}, RemoteState.RUNNING: running}.get(state, ended)
    reached = set()
    for following in set(RemoteState) - {RemoteState.UNTRACKED}:
        row = queue(state=DeliveryState.DELIVERED, settled_at=Now(), remote_state=state, **values)[
            0
        ]
        row.claimed_at = row.queued_at
        Delivery.objects.record_change(row, RemoteRun(state=following), report=None, wait=5)
        row.refresh_from_db()
        reached.add(row.remote_state)
        Delivery.objects.filter(pk=row.pk).replay_delivered()
        row.refresh_from_db()
        reached.add(row.remote_state)
    expected = REMOTE_TRANSITIONS[state]
    if state == RemoteState.UNTRACKED:
        # A receipt that is tracked begins to run when it is delivered: see test_delivery.
        expected -= {RemoteState.RUNNING}
    assert reached - {state} == expected
