"""The state of a delivery after each outcome of a publisher."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict
from datetime import timedelta
from typing import Any, NoReturn, cast

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings
from tenacity import stop_after_delay, wait_fixed

from dj_actions.conf import get_settings
from dj_actions.exceptions import (
    DestinationNotFound,
    InvalidSetting,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Message, Receipt, ReceiptPart
from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.policies import DAY, RetryPolicy
from dj_actions.publishers import before_sending
from dj_actions.redaction import prepare_for_storage
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.settling.rescue import rescue
from dj_actions.relay.tuning import RelayTuning
from dj_actions.signals import delivery_settled
from dj_actions.states import DeliveryState, RemoteState
from dj_actions.testing import assert_delivered
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import ScriptedPublisher, accept, script

pytestmark = pytest.mark.django_db


def fail_with(error: BaseException) -> Any:
    def behave(_message: Message) -> NoReturn:
        raise error

    return behave


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_receipt_settles_the_delivery(lane: Lane, queue: Queue) -> None:
    queue()
    assert lane.run_once()
    delivery = assert_delivered("todo.mark_done", to="first")
    assert delivery.receipt_id == f"receipt-{delivery.event_id}"
    assert (delivery.receipt_scope, delivery.receipt_url) == ("here", "https://example.org/1")
    assert delivery.remote_state == RemoteState.UNTRACKED
    assert delivery.settled_at
    assert delivery.lease_token is None


PARTS = tuple(ReceiptPart(id=f"run-{one}", scope=one, url=f"https://x/{one}") for one in "ab")


@pytest.mark.parametrize("parts", [(), PARTS])
def test_all_parts_of_a_receipt_are_kept(
    lane: Lane, queue: Queue, parts: tuple[ReceiptPart, ...]
) -> None:
    queue(2)
    receipt = Receipt(id="run-a", scope="a", tracked=True, parts=parts)
    plain = Receipt(id="plain")
    script.behave = lambda message: receipt if message.object_id == "0" else plain
    lane.run_once()

    first, second = Delivery.objects.order_by("pk")
    assert first.receipt_parts == [asdict(part) for part in parts]
    assert second.receipt_parts == []


def test_a_tracked_receipt_begins_to_run(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = lambda _message: Receipt(id="run", tracked=True)
    lane.run_once()
    assert Delivery.objects.get().remote_state == RemoteState.RUNNING


def test_the_message_says_what_the_record_says(lane: Lane, queue: Queue) -> None:
    event = queue()[0].event
    lane.run_once()
    (message,) = script.seen
    assert message.id == event.pk
    assert message.occurred_at == event.created_at
    assert (message.label, message.object_ids, message.attempt) == ("todo.mark_done", ("0",), 1)


TOO_LARGE = prepare_for_storage("x" * 2_000_010, sensitive=(), limit=1_048_576)
"""What is stored in place of data that is larger than MAX_STORED_BYTES."""


@pytest.mark.parametrize(
    ("column", "name"), [("request_data", "data"), ("response_data", "result"), ("extra", "extra")]
)
def test_the_size_that_was_stored_in_place_of_data_is_not_published(
    lane: Lane, queue: Queue, column: str, name: str
) -> None:
    too_large, *_ = queue(3)
    ActionEvent.objects.filter(pk=too_large.event_id).update(**{column: TOO_LARGE})
    lane.run_once()

    assert states() == ["dead", "delivered", "delivered"]
    assert too_large.event_id not in {message.id for message in script.seen}
    (error,) = Delivery.objects.earliest("pk").errors
    assert error["kind"] == "rejected"
    assert f"The {name} of this event has 2000012 bytes" in error["message"]
    assert "MAX_STORED_BYTES" in error["message"]


def test_a_publisher_receives_no_size_in_place_of_data_that_it_does_not_send(
    lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedPublisher, "payload", ("extra",))
    (delivery,) = queue()
    values = {"request_data": TOO_LARGE, "response_data": TOO_LARGE, "extra": {"x": 1}}
    ActionEvent.objects.filter(pk=delivery.event_id).update(**values)
    lane.run_once()

    (message,) = script.seen
    assert (message.data, message.result, message.extra) == ({}, None, {"x": 1})
    assert message.unstored == {"data": 2_000_012, "result": 2_000_012}


def refuse_before_sending(_message: Message) -> NoReturn:
    with before_sending():
        raise PublishRejected("too many recipients")


@pytest.mark.parametrize("is_stored", [True, False])
def test_what_was_not_sent_says_nothing_about_the_destination(
    lane: Lane,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    is_stored: bool,
) -> None:
    """The breaker stays as it is, and another message may probe at once."""
    script.behave = fail_with(PublisherUnavailable("down"))
    queue(3)
    lane.run_once()
    Delivery.objects.all().delete()
    refused, other = queue(2)
    if not is_stored:
        ActionEvent.objects.filter(pk=refused.event_id).update(request_data=TOO_LARGE)
    end_the_wait(lane, monkeypatch)
    script.behave = refuse_before_sending
    lane.run_once()
    assert states() == ["dead", "pending"]
    assert PublisherState.objects.get().open_until

    script.behave = accept
    assert lane.run_once()
    other.refresh_from_db()
    assert other.state == DeliveryState.DELIVERED
    assert not lane._breaker.is_open


def test_a_configuration_with_which_nothing_can_be_sent_stops_the_lane(
    lane: Lane, queue: Queue
) -> None:
    def refuse(_message: Message) -> NoReturn:
        with before_sending():
            raise PublisherMisconfigured("wrong template")

    queue(3)
    script.behave = refuse
    lane.run_once()
    assert not lane.run_once()
    assert states() == ["pending"] * 3


def test_a_long_key_of_an_object_is_published_whole(lane: Lane, queue: Queue) -> None:
    key = "k" * 300
    (delivery,) = queue(object_ids=[key])
    ActionEvent.objects.filter(pk=delivery.event_id).update(object_id=key[:255])
    lane.run_once()

    assert script.seen[0].object_id == key


def test_a_batch_leaves_a_line_in_the_log(
    lane: Lane, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    first, *_ = queue(6)
    script.behave = lambda message: (
        fail_with(PublishRejected("no"))(message)
        if message.id == first.event_id
        else accept(message)
    )
    with caplog.at_level(logging.INFO, logger="dj_actions.relay.delivering.batch"):
        lane.run_once()
        assert not lane.run_once()

    (line,) = (
        entry for entry in caplog.records if entry.name == "dj_actions.relay.delivering.batch"
    )
    assert line.getMessage().startswith("Publisher first: 5 delivered, 1 failed, 0 released in ")


def test_an_idle_lane_has_nothing_to_do(lane: Lane) -> None:
    assert not lane.run_once()


def test_an_unavailable_destination_is_retried_later(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = fail_with(PublisherUnavailable("502 from the proxy"))
    lane.run_once()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    assert delivery.available_at - delivery.queued_at > timedelta(seconds=90)
    (error,) = delivery.errors
    assert (error["kind"], error["message"], error["attempt"]) == (
        "unavailable",
        "502 from the proxy",
        1,
    )


def test_a_rejected_message_is_given_up_at_once_with_the_reason(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = fail_with(PublishRejected("note is too long"))
    lane.run_once()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, 1)
    assert delivery.errors[0]["message"] == "note is too long"


@pytest.mark.parametrize(
    "error",
    [RuntimeError("bug"), KeyError("x"), SystemExit(3), KeyboardInterrupt(), ZeroDivisionError()],
)
def test_an_unknown_error_never_loses_a_message_nor_ends_the_lane(
    lane: Lane, queue: Queue, error: BaseException
) -> None:
    queue(2)
    first = Delivery.objects.earliest("pk").event_id
    script.behave = lambda message: (
        fail_with(error)(message) if message.id == first else accept(message)
    )
    lane.run_once()
    assert states() == ["pending", "delivered"]
    assert Delivery.objects.earliest("pk").errors[0]["kind"] == "unexpected"


class Unreadable(PublisherUnavailable):
    """An error whose message raises."""

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "behave",
    [
        fail_with(RateLimited("x", retry_after=cast("Any", "soon"))),
        fail_with(RateLimited("x", retry_after=10**400)),
        fail_with(Unreadable()),
        lambda _message: Receipt(id="1", tracked=cast("Any", "maybe")),
        lambda _message: Receipt(id=cast("Any", 7)),
    ],
)
def test_nonsense_about_one_message_harms_no_other(
    lane: Lane, queue: Queue, stopping: threading.Event, behave: Any
) -> None:
    first, _ = queue(2)
    script.behave = lambda message: (
        behave(message) if message.id == first.event_id else accept(message)
    )
    lane.run_once()
    PublisherState.objects.all().delete()  # as if the wait were over
    Lane("first", get_settings(), stopping).run_once()

    failed, other = Delivery.objects.order_by("pk")
    assert other.state == DeliveryState.DELIVERED
    assert failed.state == DeliveryState.PENDING
    assert failed.errors[0]["message"]


def test_a_message_that_cannot_be_serialized_harms_no_other(lane: Lane, queue: Queue) -> None:
    first, _ = queue(2)
    script.behave = lambda message: (
        json.dumps({"id": message.id}) if message.id == first.event_id else accept(message)
    )
    lane.run_once()

    assert states() == ["pending", "delivered"]
    assert "not JSON serializable" in Delivery.objects.earliest("pk").errors[0]["message"]


def test_age_ends_it_too_with_a_reason(settings: Settings, queue: Queue) -> None:
    own = settings.DJ_ACTIONS["PUBLISHERS"]["first"]
    retry = {"wait": wait_fixed(100), "stop": stop_after_delay(DAY)}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": {**own, "RETRY": retry}}}
    queue(1)
    queue(1, queued_at=Now() - timedelta(days=2))
    script.behave = fail_with(PublisherUnavailable("connection refused"))
    Lane("first", get_settings(), threading.Event()).run_once()

    assert states() == ["pending", "dead"]
    assert Delivery.objects.latest("pk").errors[-1]["message"] == "connection refused"


@pytest.mark.parametrize("nonsense", [None, "ok", {"id": 1}, Receipt])
def test_a_result_that_is_not_a_receipt_is_retried(
    lane: Lane, queue: Queue, nonsense: object
) -> None:
    queue()
    script.behave = lambda _message: nonsense
    lane.run_once()
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.PENDING
    assert "not a Receipt" in delivery.errors[0]["message"]


@pytest.mark.parametrize("name", ["SilentPublisher", "BrokenPublisher"])
def test_missing_outcomes_harm_only_their_messages(
    settings: Settings, queue: Queue, stopping: threading.Event, name: str
) -> None:
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"first": {"BACKEND": f"tests.integration.relay.scripted.{name}"}}
    }
    queue(3)
    Lane("first", get_settings(), stopping).run_once()
    assert DeliveryState.SENDING not in states()
    (harmed,) = Delivery.objects.exclude(errors=[])
    assert (harmed.attempts, harmed.errors[0]["kind"]) == (1, "unexpected")
    untried = Delivery.objects.filter(state=DeliveryState.PENDING).exclude(pk=harmed.pk)
    assert all(delivery.attempts == 0 for delivery in untried)


def test_attempts_run_out_into_a_dead_letter(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = fail_with(RuntimeError("poison"))
    for _ in range(5):
        Delivery.objects.filter(state=DeliveryState.PENDING).retry_now()
        lane.run_once()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, 5)
    assert delivery.errors[-1]["times"] == 5


def test_a_missing_destination_gets_a_few_slow_attempts(lane: Lane, queue: Queue) -> None:
    queue(attempts=4)
    script.behave = fail_with(DestinationNotFound("There is no DAG 'nope'"))
    seen = []
    for _ in range(3):
        Delivery.objects.all().retry_now()
        lane.run_once()
        seen.append(Delivery.objects.get().state)
    delivery = Delivery.objects.get()
    assert seen == ["pending", "pending", "dead"]
    assert "nope" in delivery.errors[-1]["message"]


def test_a_missing_destination_does_not_hold_up_others(lane: Lane, queue: Queue) -> None:
    queue(6)
    script.behave = fail_with(DestinationNotFound("There is no DAG 'nope'"))
    lane.run_once()
    assert len(script.seen) == 6


@pytest.mark.parametrize("kind", [PublisherMisconfigured, ImproperlyConfigured, InvalidSetting])
def test_a_wrong_configuration_stops_the_lane_and_blames_no_message(
    lane: Lane, queue: Queue, kind: type[Exception]
) -> None:
    queue(5)
    script.behave = fail_with(kind("The password is wrong."))
    lane.run_once()
    assert not lane.run_once()
    assert len(script.seen) == 1
    assert states() == ["pending"] * 5
    assert {delivery.attempts for delivery in Delivery.objects.all()} == {0}
    reasons = [error for delivery in Delivery.objects.all() for error in delivery.errors]
    assert [error["message"] for error in reasons] == ["The password is wrong."]
    assert [error["kind"] for error in reasons] == ["misconfigured"]


def test_deliveries_flow_once_the_configuration_is_fixed(
    lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(5)
    script.behave = fail_with(PublisherMisconfigured("The password is wrong."))
    lane.run_once()
    script.behave = accept
    end_the_wait(lane, monkeypatch)
    Delivery.objects.all().retry_now()
    while lane.run_once():
        pass
    assert states() == ["delivered"] * 5


def test_rate_limits_wait_for_retry_after_and_count_nothing(lane: Lane, queue: Queue) -> None:
    queue(3)
    script.behave = fail_with(RateLimited("slow down", retry_after=50))
    lane.run_once()
    assert not lane.run_once()
    waiting = Delivery.objects.exclude(errors=[]).get()
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 0)
    assert waiting.available_at - timezone.now() > timedelta(seconds=40)


def test_an_outage_stops_attempts_and_the_rest_is_released(lane: Lane, queue: Queue) -> None:
    queue(10)
    script.behave = fail_with(PublisherUnavailable("down"))
    lane.run_once()
    assert len(script.seen) == 3
    assert not lane.run_once()
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0] * 7 + [1] * 3


def test_a_probe_takes_one_message_and_does_not_count_its_failure(
    lane: Lane, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(10)
    script.behave = fail_with(PublisherUnavailable("down"))
    lane.run_once()
    end_the_wait(lane, monkeypatch)
    assert lane.run_once()
    assert len(script.seen) == 4
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 3


def test_a_stopping_lane_finishes_one_and_releases_the_rest(
    lane: Lane, queue: Queue, stopping: threading.Event
) -> None:
    queue(4)

    def accept_then_stop(message: Message) -> Receipt:
        stopping.set()
        return accept(message)

    script.behave = accept_then_stop
    lane.run_once()
    assert states() == ["delivered", "pending", "pending", "pending"]
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 1


def test_a_lane_that_has_lost_its_lease_stops_sending(
    queue: Queue, stopping: threading.Event
) -> None:
    tuning = RelayTuning(min_receipt_delay=0, max_receipt_delay=0)
    lane = Lane("first", get_settings(), stopping, tuning=tuning)
    queue(3)

    def hang(message: Message) -> Receipt:
        Delivery.objects.update(lease_expires_at=timezone.now() - timedelta(hours=1))
        rescue("first", RetryPolicy())
        return accept(message)

    script.behave = hang
    lane.run_once()
    assert len(script.seen) == 1
    assert states() == ["pending"] * 3


@pytest.mark.parametrize("receipt_id", ["", "x" * 256, "nul\x00", 7])
def test_a_receipt_that_cannot_be_stored_harms_its_own_delivery_only(
    lane: Lane, queue: Queue, receipt_id: Any
) -> None:
    first = queue(3)[0].event_id
    script.behave = lambda message: (
        Receipt(id=receipt_id) if message.id == first else accept(message)
    )
    lane.run_once()
    assert states() == ["pending", "delivered", "delivered"]
    assert "receipt" in Delivery.objects.earliest("pk").errors[0]["message"]


class UnreadableError(Exception):
    """An error whose message raises."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("error", [RuntimeError("\x00 \ud800"), UnreadableError()])
def test_an_error_message_that_cannot_be_stored_is_sanitized(
    lane: Lane, queue: Queue, error: Exception
) -> None:
    queue()
    script.behave = fail_with(error)
    lane.run_once()
    assert Delivery.objects.get().errors[0]["kind"] == "unexpected"


def test_a_replayed_message_gets_all_its_attempts_again(lane: Lane, queue: Queue) -> None:
    queue()
    script.behave = fail_with(DestinationNotFound("There is no DAG 'nope'"))
    for _ in range(3):
        Delivery.objects.all().retry_now()
        lane.run_once()
    Delivery.objects.all().replay()
    lane.run_once()
    assert Delivery.objects.get().state == DeliveryState.PENDING


def test_the_signal_is_sent_for_both_outcomes_and_survives_bad_receivers(
    lane: Lane, queue: Queue
) -> None:
    heard: list[DeliveryState] = []

    def bad(**_kwargs: Any) -> None:
        raise RuntimeError("receiver")

    def good(state: DeliveryState, **_kwargs: Any) -> None:
        heard.append(state)

    queue(2)
    outcomes = iter([None, PublishRejected("no")])

    def behave(message: Message) -> Receipt:
        if error := next(outcomes):
            raise error
        return accept(message)

    script.behave = behave
    delivery_settled.connect(bad)
    delivery_settled.connect(good)
    try:
        lane.run_once()
    finally:
        delivery_settled.disconnect(bad)
        delivery_settled.disconnect(good)
    assert heard == [DeliveryState.DELIVERED, DeliveryState.DEAD]


def end_the_wait(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """End the wait of the circuit breaker."""
    monkeypatch.setattr(lane._breaker, "_open_until", 0.0)
    PublisherState.objects.update(open_until=timezone.now() - timedelta(seconds=1))
