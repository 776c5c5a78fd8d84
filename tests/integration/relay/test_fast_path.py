"""What a batch costs the database: pinned, so that nobody adds to it unawares."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.relay.lane import Lane
from dj_actions.states import DeliveryState
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db


@pytest.fixture
def wide_lane(settings: Settings) -> Iterator[Lane]:
    """A lane that claims a thousand at once, and has looked around a moment ago."""
    entry = {
        "BACKEND": "tests.integration.relay.scripted.ScriptedPublisher",
        "BATCH_SIZE": 1000,
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}}
    lane = Lane("first", get_settings(), threading.Event())
    lane.run_once()
    yield lane
    script.reset()


def statements(lane: Lane) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert lane.run_once()
    return [entry["sql"].split()[0] for entry in captured]


@pytest.mark.postgres
@pytest.mark.parametrize("count", [1, 1000])
def test_a_batch_is_claimed_by_one_statement_and_settled_by_another(
    wide_lane: Lane, queue: Queue, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is: the time that is allowed is not what is looked at here.
    monkeypatch.setattr("dj_actions.relay.settlement.SETTLE_WITHIN", 3600)
    queue(count)

    assert statements(wide_lane) == ["WITH", "UPDATE"]
    assert Delivery.objects.filter(state=DeliveryState.DELIVERED).count() == count


@pytest.mark.postgres
def test_a_lane_with_nothing_to_do_asks_one_question_at_a_time(
    wide_lane: Lane, queue: Queue
) -> None:
    queue(2)
    while wide_lane.run_once():
        pass
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            assert not wide_lane.run_once()

    assert [entry["sql"].split()[0] for entry in captured] == ["WITH"] * 3


@pytest.mark.postgres
def test_a_slow_destinations_answers_are_each_written_down_at_once(
    wide_lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions.relay.settlement.SETTLE_WITHIN", 0)
    queue(3)

    assert statements(wide_lane) == ["WITH", *["UPDATE"] * 3]


@pytest.mark.postgres
def test_what_was_tried_before_is_written_down_at_once(
    wide_lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise another would be blamed should it be what kills relays."""
    monkeypatch.setattr("dj_actions.relay.settlement.SETTLE_WITHIN", 3600)
    queue(2)
    queue(attempts=1)

    assert statements(wide_lane) == ["WITH", *["UPDATE"] * 3]


def test_what_has_arrived_is_kept_when_a_later_one_fails(wide_lane: Lane, queue: Queue) -> None:
    _, second, _ = queue(3)

    def behave(message: Message) -> Receipt:
        if message.id == second.event_id:
            raise PublisherUnavailable("down")
        return accept(message)

    script.behave = behave
    wide_lane.run_once()

    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["delivered", "pending", "delivered"]


def test_what_commits_late_is_found_although_the_lane_has_passed_its_place(
    wide_lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
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
def test_where_the_way_from_the_start_is_long_it_is_gone_seldom_and_in_the_end(
    wide_lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions.relay.lane.SLOW_START", -1.0)
    queue(2)
    wide_lane.run_once()
    late = queue()[0]
    early = Delivery.objects.earliest("pk").available_at
    Delivery.objects.filter(pk=late.pk).update(available_at=early)

    assert not wide_lane.run_once()
    queue()
    assert wide_lane.run_once()  # what comes usually, behind all that was there
    wide_lane.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}


@pytest.mark.postgres
def test_seldom_is_soon_enough(
    wide_lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions.relay.lane.SLOW_START", -1.0)
    monkeypatch.setattr("dj_actions.relay.lane.LOOK_FROM_START", 0.0)
    monkeypatch.setattr("dj_actions.relay.lane.RARELY", 0)
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
    }
    type(delivery.event).objects.filter(pk=delivery.event_id).update(**values)
    (by_statement,) = Delivery.objects.claim("first", limit=1, lease=60)
    Delivery.objects.all().release(by_statement.lease_token)
    (by_orm,) = Delivery.objects.filter(pk=delivery.pk).claim("first", limit=1, lease=60)
    return by_orm, by_statement


def test_both_ways_to_claim_tell_the_same(queue: Queue) -> None:
    by_orm, by_statement = message_of_the_orm_and_of_the_statement(queue)
    own = {"lease_token", "claimed_microseconds"}

    same = {name: getattr(by_orm, name) for name in by_orm._fields if name not in own}
    assert same == {name: getattr(by_statement, name) for name in same}
    assert by_statement.response_data == "text"
    assert by_statement.created_at.tzinfo is not None
