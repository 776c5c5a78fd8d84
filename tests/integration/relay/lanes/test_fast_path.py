"""The statements that a batch costs the database."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.tuning import RelayTuning
from dj_actions.states import DeliveryState
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db


HOUR = 3600
"""Seconds: longer than a test takes, however slow the machine is."""

COLLECT = RelayTuning(min_receipt_delay=HOUR, max_receipt_delay=HOUR, rescue_interval=HOUR)
"""Receipts are collected until the end of a batch."""

AT_ONCE = RelayTuning(min_receipt_delay=0, max_receipt_delay=0, rescue_interval=HOUR)
"""Each receipt is settled by itself."""

MakeLane = Callable[[RelayTuning], Lane]


@pytest.fixture
def make_wide_lane(settings: Settings) -> Iterator[MakeLane]:
    """Return a function that makes a lane which claims a thousand deliveries at once.

    It has just done its periodic work.
    """
    entry = {
        "BACKEND": "tests.integration.relay.scripted.ScriptedPublisher",
        "BATCH_SIZE": 1000,
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}, "LEASE": 4 * HOUR}

    def make_wide_lane(tuning: RelayTuning) -> Lane:
        lane = Lane("first", get_settings(), threading.Event(), tuning=tuning)
        lane.run_once()
        return lane

    yield make_wide_lane
    script.reset()


@pytest.fixture
def wide_lane(make_wide_lane: MakeLane) -> Lane:
    return make_wide_lane(RelayTuning())


def statements(lane: Lane) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert lane.run_once()
    return [entry["sql"].split()[0] for entry in captured]


@pytest.mark.postgres
@pytest.mark.parametrize("count", [1, 1000])
def test_a_batch_is_claimed_by_one_statement_and_settled_by_another(
    make_wide_lane: MakeLane, queue: Queue, count: int
) -> None:
    wide_lane = make_wide_lane(replace(COLLECT, initial_batch_size=count))
    queue(count)

    assert statements(wide_lane) == ["WITH", "UPDATE"]
    assert Delivery.objects.filter(state=DeliveryState.DELIVERED).count() == count


@pytest.mark.postgres
def test_an_idle_lane_executes_one_statement_per_poll(wide_lane: Lane, queue: Queue) -> None:
    queue(2)
    while wide_lane.run_once():
        pass
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            assert not wide_lane.run_once()

    assert [entry["sql"].split()[0] for entry in captured] == ["WITH"] * 3


@pytest.mark.postgres
def test_a_slow_destinations_receipts_are_each_settled_at_once(
    make_wide_lane: MakeLane, queue: Queue
) -> None:
    wide_lane = make_wide_lane(AT_ONCE)
    queue(3)

    assert statements(wide_lane) == ["WITH", *["UPDATE"] * 3]


@pytest.mark.postgres
def test_where_settling_is_slow_receipts_are_settled_together(
    make_wide_lane: MakeLane, queue: Queue
) -> None:
    # With such a share, every settlement is slow.
    slow = replace(COLLECT, min_receipt_delay=0, settling_max_share=1e-9)
    wide_lane = make_wide_lane(slow)
    queue(3)
    assert statements(wide_lane) == ["WITH", "UPDATE", "UPDATE"]

    queue(3)
    assert statements(wide_lane) == ["WITH", "UPDATE"], "The lane has forgotten it."


@pytest.mark.postgres
def test_a_batch_with_a_retry_is_settled_one_by_one(make_wide_lane: MakeLane, queue: Queue) -> None:
    """Otherwise another delivery would be blamed if its message kills relays."""
    wide_lane = make_wide_lane(COLLECT)
    queue(2)
    queue(attempts=1)

    assert statements(wide_lane) == ["WITH", *["UPDATE"] * 3]


def test_receipts_are_kept_if_a_later_message_fails(wide_lane: Lane, queue: Queue) -> None:
    _, second, _ = queue(3)

    def behave(message: Message) -> Receipt:
        if message.id == second.event_id:
            raise PublisherUnavailable("down")
        return accept(message)

    script.behave = behave
    wide_lane.run_once()

    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["delivered", "pending", "delivered"]


def test_a_late_commit_is_found_although_the_cursor_is_past_it(
    wide_lane: Lane, queue: Queue
) -> None:
    queue(2)
    wide_lane.run_once()
    late = queue()[0]
    early = Delivery.objects.earliest("pk").available_at
    Delivery.objects.filter(pk=late.pk).update(available_at=early)

    assert wide_lane.run_once()
    late.refresh_from_db()
    assert late.state == DeliveryState.DELIVERED


@pytest.mark.postgres
def test_slow_full_scans_are_rare_and_happen_before_a_drain_ends(
    make_wide_lane: MakeLane, queue: Queue
) -> None:
    wide_lane = make_wide_lane(RelayTuning(slow_scan_threshold=-1.0))
    queue(2)
    wide_lane.run_once()
    late = queue()[0]
    early = Delivery.objects.earliest("pk").available_at
    Delivery.objects.filter(pk=late.pk).update(available_at=early)

    assert not wide_lane.run_once()
    queue()
    assert wide_lane.run_once()  # a new delivery, after the cursor
    wide_lane.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}


@pytest.mark.postgres
def test_slow_full_scans_are_repeated(make_wide_lane: MakeLane, queue: Queue) -> None:
    wide_lane = make_wide_lane(
        RelayTuning(slow_scan_threshold=-1.0, full_scan_interval=0.0, full_scan_max_share=math.inf)
    )
    queue(2)
    wide_lane.run_once()
    late = queue()[0]
    Delivery.objects.filter(pk=late.pk).update(
        available_at=Delivery.objects.earliest("pk").available_at
    )

    assert wide_lane.run_once()


def message_of_the_orm_and_of_the_statement(queue: Queue) -> tuple[Any, Any]:
    delivery = queue()[0]
    values: dict[str, Any] = {
        "request_data": {"a": [1, None, "ü"]},
        "response_data": "text",
        "recipients": ["user:1"],
        "extra": {"x": {"y": 1.5}},
        "actor_id": "7",
        "actor_label": "ann",
        "summary": "done",
        "traceparent": "00-1",
        "parent_id": uuid4(),
    }
    type(delivery.event).objects.filter(pk=delivery.event_id).update(**values)
    (by_statement,) = Delivery.objects.claim("first", limit=1, lease=60)
    Delivery.objects.all().release(by_statement.lease_token)
    (by_orm,) = Delivery.objects.filter(pk=delivery.pk).claim("first", limit=1, lease=60)
    return by_orm, by_statement


def test_both_ways_to_claim_return_the_same(queue: Queue) -> None:
    by_orm, by_statement = message_of_the_orm_and_of_the_statement(queue)
    own = {"lease_token", "claimed_microseconds"}

    same = {name: getattr(by_orm, name) for name in by_orm._fields if name not in own}
    assert same == {name: getattr(by_statement, name) for name in same}
    assert by_statement.response_data == "text"
    assert by_statement.created_at.tzinfo is not None
