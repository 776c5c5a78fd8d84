"""The models: impossible rows are rejected, and queries use their indexes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import DeliveryState, RemoteState
from dj_actions.testing import assert_recorded
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import MakeDelivery, MakeEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 2, tzinfo=UTC)

HELD = {"lease_token": uuid4(), "lease_expires_at": NOW, "attempts": 1}

POSSIBLE: dict[str, dict[str, Any]] = {
    "pending": {},
    "tried before": {"attempts": 3, "errors": [{"kind": "unavailable"}]},
    "sending": {"state": "sending", **HELD},
    "delivered": {"state": "delivered", "settled_at": NOW, "receipt_id": "1"},
    "delivered, no receipt": {"state": "delivered", "settled_at": NOW},
    "dead": {"state": "dead", "settled_at": NOW},
    "cancelled": {"state": "cancelled", "settled_at": NOW},
    "running": {
        "state": "delivered", "settled_at": NOW, "receipt_id": "1",
        "remote_state": "running", "remote_check_at": NOW,
    },
    "succeeded": {
        "state": "delivered", "settled_at": NOW, "receipt_id": "1",
        "remote_state": "succeeded", "remote_ended_at": NOW,
    },
    "succeeded, checked again": {
        "state": "delivered", "settled_at": NOW, "receipt_id": "1",
        "remote_state": "succeeded", "remote_ended_at": NOW, "remote_check_at": NOW,
        "remote_changed_at": NOW, "remote_report": {"duration": 3},
        "remote_history": [{"state": "succeeded", "detail": "", "at": "2026-01-02T03:04:05+00:00"}],
    },
}  # fmt: skip

RUNNING, ENDED = POSSIBLE["running"], POSSIBLE["succeeded"]

IMPOSSIBLE: dict[str, list[dict[str, Any]]] = {
    "dja_remote_state_is_whole": [
        {**ENDED, "remote_state": ""},
        {**ENDED, "remote_state": "queued"},
        {**RUNNING, "remote_check_at": None},
        {"remote_check_at": NOW},
        {**ENDED, "remote_ended_at": None},
        {**ENDED, "remote_state": "failed", "remote_ended_at": None},
        {**ENDED, "remote_state": "lost", "remote_ended_at": None},
        {**RUNNING, "remote_ended_at": NOW},
        {"remote_ended_at": NOW},
        {"remote_changed_at": NOW},
        {"remote_report": {"hint": "x"}},
        {"remote_history": [{"state": "failed"}]},
    ],
    "dja_delivery_state_is_whole": [
        {"state": ""},
        {"state": "PENDING"},
        {"state": "sent"},
        {"state": "sending"},
        {"state": "sending", **HELD, "lease_token": None},
        {"state": "sending", **HELD, "lease_expires_at": None},
        {"state": "sending", **HELD, "attempts": 0},
        {**HELD},
        {"lease_token": uuid4()},
        {"lease_expires_at": NOW},
        {"state": "dead", "settled_at": NOW, **HELD},
        {"state": "delivered"},
        {"state": "dead"},
        {"state": "cancelled"},
        {"settled_at": NOW},
        {"state": "sending", **HELD, "settled_at": NOW},
    ],
    "dja_receipt_only_when_delivered": [
        {"receipt_id": "1"},
        {"state": "dead", "settled_at": NOW, "receipt_id": "1"},
        {"remote_state": "running", "remote_check_at": NOW},
        {"state": "cancelled", "settled_at": NOW, "remote_state": "lost", "remote_ended_at": NOW},
    ],
}


# Constraints


@pytest.mark.parametrize("name", POSSIBLE)
def test_a_possible_row_is_accepted(make_delivery: MakeDelivery, name: str) -> None:
    assert make_delivery(**POSSIBLE[name]).pk


@pytest.mark.parametrize(
    ("name", "row"), [(name, row) for name, rows in IMPOSSIBLE.items() for row in rows]
)
def test_an_impossible_row_is_rejected_by_the_database(
    make_delivery: MakeDelivery, make_event: MakeEvent, name: str, row: dict[str, Any]
) -> None:
    event = make_event()
    # An unknown remote state breaks two constraints: the database reports the first it checks.
    said = "dja_remote_" if name == "dja_remote_state_is_whole" else name
    with pytest.raises(IntegrityError, match=said), transaction.atomic():
        make_delivery(event=event, **row)

    assert not Delivery.objects.exists()


def test_each_check_constraint_is_tested() -> None:
    checks = [
        entry.name
        for entry in Delivery._meta.constraints
        if isinstance(entry, models.CheckConstraint)
    ]

    assert sorted(checks) == sorted(IMPOSSIBLE)


def test_an_event_goes_to_a_publisher_once(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_delivery(event=delivery.event)
    make_delivery(event=delivery.event, publisher="other")

    assert delivery.event.deliveries.count() == 2


def test_the_number_of_attempts_cannot_fall_below_zero(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()

    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(attempts=-1)


def test_states_of_the_models_are_those_of_the_machines() -> None:
    fields = Delivery._meta.get_field("state"), Delivery._meta.get_field("remote_state")
    choices = [[value for value, _ in field.choices or ()] for field in fields]

    assert choices == [list(DeliveryState), list(RemoteState)]


# Defaults


def test_times_come_from_the_database(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    delivery.refresh_from_db()
    event = delivery.event

    assert delivery.queued_at == delivery.available_at
    assert abs(timezone.now() - event.created_at) < timedelta(minutes=1)


def test_an_event_has_an_id_that_sorts_by_time(make_event: MakeEvent) -> None:
    made = [make_event() for _ in range(5)]

    assert list(ActionEvent.objects.all()) == made[::-1]


@pytest.mark.parametrize(
    ("object_id", "object_ids", "text"),
    [("7", ["7"], "todo.mark_done 7"), (None, ["7", "8"], "todo.mark_done 2")],
)
def test_an_event_says_what_it_is(
    make_event: MakeEvent, object_id: str | None, object_ids: list[str], text: str
) -> None:
    assert str(make_event(object_id=object_id, object_ids=object_ids)) == text


def test_a_delivery_says_what_it_is(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()

    assert str(delivery) == f"{delivery.event_id} → memory: pending"


def test_an_event_outlives_its_actor_and_its_object(ann: User, todo: Todo) -> None:
    pk = ann.pk
    MarkDone.run(actor=ann, object=todo)
    ann.delete()
    event = assert_recorded(MarkDone)

    assert not Todo.objects.exists()
    assert (event.actor_id, event.actor_label) == (str(pk), "ann")
    assert event.deliveries.count() == 1


def test_an_event_takes_its_deliveries_along(make_delivery: MakeDelivery) -> None:
    make_delivery().event.delete()

    assert not Delivery.objects.exists()
