"""The operations on deliveries and publishers: results, previews and records."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from pytest_django import Settings

from dj_actions.exceptions import InvalidAction
from dj_actions.models import Delivery, PublisherState
from dj_actions.operations import (
    OperationResult,
    cancel,
    deliveries,
    discard,
    pause,
    replay,
    replay_delivered,
    result,
    resume,
    retry,
)
from dj_actions.operations.delivery_changes import CHANGES
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.signals import action_recorded
from tests.conftest import MakeDelivery
from tests.fixtures.locks import wait_for_waiting_session
from tests.fixtures.outbox import operations, states
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

Operate = Callable[..., OperationResult]


@pytest.mark.parametrize(
    ("operate", "name", "before", "after"),
    [
        (replay, "replay", "dead", "pending"),
        (replay_delivered, "replay_delivered", "delivered", "pending"),
        (cancel, "cancel", "pending", "cancelled"),
    ],
)
def test_an_operation_is_recorded_with_actor_and_reason(
    of_all_states: dict[str, Delivery],
    ann: User,
    operate: Operate,
    name: str,
    before: str,
    after: str,
) -> None:
    changed = of_all_states[before]
    unchanged = states()
    result = operate(Delivery.objects.all(), actor=ann, reason=" the feed is back ")

    assert result == OperationResult(count=1, ids=(changed.pk,))
    assert states() == unchanged | {changed.pk: after}
    (event,) = operations()
    assert event.label == f"delivery.{name}"
    assert (event.actor_id, event.actor_label) == (str(ann.pk), "ann")
    assert event.object_ids == [str(changed.pk)]
    assert event.request_data == {
        "reason": "the feed is back",
        "deliveries": [changed.pk],
        "count": 1,
    }
    assert not event.deliveries.exists()


def test_the_record_is_announced_and_the_system_may_act(make_delivery: MakeDelivery) -> None:
    heard: list[Any] = []

    def hear(event: Any, **_: Any) -> None:
        heard.append(event)

    make_delivery()
    action_recorded.connect(hear)
    try:
        cancel(Delivery.objects.all(), actor=None, reason="x")
    finally:
        action_recorded.disconnect(hear)

    assert heard == operations()
    assert heard[0].actor_id is None


@pytest.mark.parametrize("operate", [replay, cancel])
def test_where_nothing_changes_nothing_is_recorded(
    make_delivery: MakeDelivery, operate: Operate
) -> None:
    make_delivery(**POSSIBLE["delivered"])

    result = operate(Delivery.objects.all(), actor=None, reason="x")

    assert result == OperationResult(count=0, ids=())
    assert operations() == []


@pytest.mark.parametrize("operate", [replay, replay_delivered, cancel])
def test_without_a_reason_nothing_is_done(
    of_all_states: dict[str, Delivery], operate: Operate
) -> None:
    before = states()
    with pytest.raises(InvalidAction, match="reason is empty"):
        operate(Delivery.objects.all(), actor=None, reason=" ")

    assert states() == before


def test_it_is_recorded_even_where_actions_are_not(
    make_delivery: MakeDelivery, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "TRACK_ACTIONS": False}
    make_delivery()
    cancel(Delivery.objects.all(), actor=None, reason="x")

    assert len(operations()) == 1


def test_of_many_deliveries_the_first_are_listed_and_all_are_counted(
    make_delivery: MakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_IDS", 2)
    made = [make_delivery(**POSSIBLE["dead"]).pk for _ in range(4)]

    result = replay(Delivery.objects.all(), actor=None, reason="x")

    assert result == OperationResult(count=4, ids=tuple(made[:2]))
    (event,) = operations()
    assert event.request_data == {"reason": "x", "deliveries": made[:2], "count": 4}
    assert set(states().values()) == {"pending"}


@pytest.mark.parametrize("limit", [1, 3])
def test_a_slice_is_replayed_and_no_more(
    make_delivery: MakeDelivery, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(deliveries, "MAX_IDS", 2)
    made = [make_delivery(**POSSIBLE["dead"]).pk for _ in range(4)]
    dead = Delivery.objects.matching(state="dead", action="todo.mark_done").order_by("pk")

    assert replay(dead[:limit], actor=None, reason="x").count == limit
    assert [states()[key] for key in made] == ["pending"] * limit + ["dead"] * (4 - limit)


@pytest.mark.parametrize("limit", [None, 1, 3])
@pytest.mark.parametrize("operate", [retry, cancel, replay, replay_delivered, discard])
def test_a_dry_run_returns_what_the_operation_changes_then(
    make_delivery: MakeDelivery,
    monkeypatch: pytest.MonkeyPatch,
    operate: Operate,
    limit: int | None,
) -> None:
    for module in (deliveries, result):
        monkeypatch.setattr(module, "MAX_IDS", 2)
    for _ in range(4):
        for state in ("pending", "dead", "delivered"):
            make_delivery(**POSSIBLE[state])
    state = CHANGES[operate.__name__].state
    chosen = Delivery.objects.matching(state=state).order_by("pk")[:limit]
    who_and_why = {} if operate is retry else {"actor": None, "reason": "x"}
    before = list(Delivery.objects.order_by("pk").values())

    preview = operate(chosen, **who_and_why, dry_run=True)
    assert list(Delivery.objects.order_by("pk").values()) == before
    assert operations() == []
    done = operate(chosen, **who_and_why)
    assert preview == replace(done, dry_run=True)
    assert (done.count, len(done.ids)) == (limit or 4, min(limit or 4, 2))


@pytest.mark.parametrize("name", ["delivered", "delivered, no receipt", "running", "succeeded"])
def test_a_delivered_delivery_that_is_replayed_is_like_new(
    make_delivery: MakeDelivery, name: str
) -> None:
    row = make_delivery(**POSSIBLE[name] | {"attempts": 3, "receipt_parts": [{"id": "1"}]})

    assert replay_delivered(Delivery.objects.all(), actor=None, reason="feed lost").count == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, row.settled_at) == ("pending", 0, None)
    assert (row.receipt_id, row.receipt_scope, row.receipt_url) == ("", "", "")
    assert row.receipt_parts == []
    assert (row.remote_state, row.remote_check_at, row.remote_ended_at) == ("untracked", None, None)
    assert [claimed.pk for claimed in Delivery.objects.claim("memory", limit=1, lease=60)] == [
        row.pk
    ]


def test_a_replay_that_fails_to_be_recorded_does_not_happen(make_delivery: MakeDelivery) -> None:
    def refuse(**_: Any) -> None:
        raise RuntimeError("no")

    make_delivery(**POSSIBLE["dead"])
    action_recorded.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            replay(Delivery.objects.all(), actor=None, reason="x")
    finally:
        action_recorded.disconnect(refuse)

    assert list(states().values()) == ["dead"]
    assert operations() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("filters", [{}, {"event__resource": "todo", "state": "pending"}])
@pytest.mark.parametrize(
    "operate", [DeliveryQuerySet.cancel, functools.partial(cancel, actor=None, reason="x")]
)
def test_a_delivery_that_a_relay_claims_meanwhile_is_not_cancelled(
    make_delivery: MakeDelivery,
    operate: Callable[[DeliveryQuerySet], int | OperationResult],
    filters: dict[str, str],
) -> None:
    delivery = make_delivery()
    counts: list[int] = []

    def operate_in_thread() -> None:
        try:
            done = operate(Delivery.objects.filter(**filters))
            counts.append(done if isinstance(done, int) else done.count)
        finally:
            connection.close()

    thread = threading.Thread(target=operate_in_thread)
    with transaction.atomic():
        Delivery.objects.claim("memory", limit=1, lease=60)
        thread.start()
        wait_for_waiting_session()
    thread.join(timeout=60)

    assert counts == [0]
    assert states() == {delivery.pk: "sending"}


# Pause and resume


def test_a_pause_and_its_end_are_recorded(ann: User) -> None:
    changed = OperationResult(count=1, ids=("memory",))
    unchanged = OperationResult(count=0, ids=())
    assert pause("memory", actor=ann, reason="maintenance") == changed
    assert pause("memory", actor=None, reason="again") == unchanged
    state = PublisherState.objects.get()
    assert state.paused_at is not None
    assert (state.paused_by, state.pause_reason) == ("ann", "maintenance")
    assert resume("memory", actor=None, reason="over") == changed
    assert resume("memory", actor=None, reason="again") == unchanged

    recorded = [
        (event.label, event.object_id, event.actor_label, event.request_data)
        for event in operations()
    ]
    assert recorded == [
        ("publisher.pause", "memory", "ann", {"reason": "maintenance"}),
        ("publisher.resume", "memory", "", {"reason": "over"}),
    ]
    assert not PublisherState.objects.paused().exists()


def test_an_unknown_publisher_is_not_paused() -> None:
    with pytest.raises(InvalidAction, match=r"no publisher 'memroy' .*\. Did you mean 'memory'"):
        pause("memory", "memroy", actor=None, reason="x")
    assert not PublisherState.objects.exists()


def test_an_unknown_publisher_is_not_resumed_but_one_that_was_removed_is() -> None:
    PublisherState.objects.pause("removed", by="", reason="x")

    with pytest.raises(InvalidAction, match="no publisher 'unknown'"):
        resume("removed", "unknown", actor=None, reason="x")
    assert resume("removed", actor=None, reason="x").ids == ("removed",)


def test_a_dry_run_of_pause_and_resume_changes_nothing() -> None:
    PublisherState.objects.pause("other", by="", reason="x")

    for operate, changed in ((pause, "memory"), (resume, "other")):
        result = operate("memory", "other", actor=None, reason="", dry_run=True)
        assert result == OperationResult(count=1, ids=(changed,), dry_run=True)
    assert list(PublisherState.objects.paused().values_list("alias", flat=True)) == ["other"]
    assert operations() == []


@pytest.mark.parametrize("operate", [pause, resume])
def test_pausing_needs_a_reason(operate: Operate) -> None:
    with pytest.raises(InvalidAction, match="reason is empty"):
        operate("memory", actor=None, reason="")
