"""Deliveries are found by their attributes, and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import DeliveryState
from tests.conftest import MakeDelivery, MakeEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEAD = {"state": "dead", "settled_at": Now()}
RUNNING = {
    "state": "delivered",
    "settled_at": Now(),
    "remote_state": "running",
    "remote_check_at": Now(),
}

Found = Callable[..., set[str]]


@pytest.fixture
def found(make_event: MakeEvent, make_delivery: MakeDelivery) -> Found:
    """Create three deliveries that differ in all fields; return which of them match."""
    rows = {
        "a": make_delivery(
            event=make_event(resource="todo", action="mark_done", object_id="7"),
            ordering_key="7",
            errors=[{"kind": "unavailable", "message": 'said "no" and Ürgh'}],
        ),
        "b": make_delivery(
            event=make_event(resource="todo", action="hand_over", object_id="8"),
            publisher="other",
            **RUNNING,
        ),
        "c": make_delivery(
            event=make_event(
                resource="list", action="mark_done", object_id=None, object_ids=["7", "9"]
            ),
            **DEAD,
        ),
    }
    for place, row in enumerate(rows.values()):
        moment = NOON + place * HOUR
        ActionEvent.objects.filter(pk=row.event_id).update(created_at=moment)
    names = {row.pk: name for name, row in rows.items()}

    def found(**wanted: Any) -> set[str]:
        if "ids" in wanted:
            wanted["ids"] = [rows[name].pk for name in wanted["ids"]]
        if "event" in wanted:
            wanted["event"] = rows[wanted["event"]].event_id
        return {names[row.pk] for row in Delivery.objects.matching(**wanted)}

    return found


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, "abc"),
        ({"ids": "ac"}, "ac"),
        ({"ids": ""}, ""),
        ({"event": "b"}, "b"),
        ({"publisher": "memory"}, "ac"),
        ({"state": "dead"}, "c"),
        ({"action": "todo.mark_done"}, "a"),
        ({"action": "mark_done"}, "ac"),
        ({"action": "todo"}, ""),
        ({"object": "7"}, "ac"),
        ({"object": "9"}, "c"),
        ({"object": "7", "action": "list.mark_done"}, "c"),
        ({"key": "7"}, "a"),
        ({"since": NOON + HOUR}, "bc"),
        ({"until": NOON + HOUR}, "a"),
        ({"since": NOON + HOUR, "until": NOON + 2 * HOUR}, "b"),
        ({"error": "UNAVAILABLE"}, "a"),
        ({"error": 'said "no"'}, "a"),
        ({"error": "Ürgh"}, "a"),
        ({"error": "%"}, ""),
        ({"publisher": "memory", "state": "pending"}, "a"),
        ({"remote_state": "running"}, "b"),
        ({"remote_state": "untracked"}, "ac"),
        ({"older_than": 0}, "abc"),
        ({"older_than": 36_500 * 86_400}, ""),
        ({"publisher": "unknown"}, ""),
    ],
)
def test_deliveries_match_all_arguments(found: Found, wanted: dict[str, Any], names: str) -> None:
    assert found(**wanted) == set(names)


def test_stats_count_by_publisher_and_state(make_delivery: MakeDelivery) -> None:
    for publisher in ("memory", "memory", "other"):
        make_delivery(publisher=publisher)
    make_delivery(publisher="memory", **DEAD)
    memory, other = Delivery.objects.stats()

    assert (memory.publisher, other.publisher) == ("memory", "other")
    assert memory.counts == {
        DeliveryState.PENDING: 2,
        DeliveryState.SENDING: 0,
        DeliveryState.DELIVERED: 0,
        DeliveryState.DEAD: 1,
        DeliveryState.CANCELLED: 0,
    }
    assert (memory.dead, other.dead) == (1, 0)


def test_the_age_of_the_oldest_pending_delivery_is_in_seconds(make_delivery: MakeDelivery) -> None:
    for hours in (1, 3, 2):
        make_delivery(queued_at=Now() - hours * HOUR)
    make_delivery(queued_at=Now() - 9 * HOUR, **DEAD)
    (counts,) = Delivery.objects.stats()

    assert counts.oldest_pending is not None
    assert 3 * 3600 - 5 < counts.oldest_pending < 4 * 3600


def test_without_a_pending_delivery_there_is_no_age(make_delivery: MakeDelivery) -> None:
    make_delivery(**DEAD)

    assert [entry.oldest_pending for entry in Delivery.objects.stats()] == [None]


def test_an_empty_outbox_has_no_stats() -> None:
    assert Delivery.objects.stats() == []
