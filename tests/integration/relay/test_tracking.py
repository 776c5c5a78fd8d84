"""Following remote runs to their end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from dj_actions.exceptions import PublishError, PublisherUnavailable
from dj_actions.messages import Receipt, ReceiptPart, RemoteRun
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.relay.lane import Lane
from dj_actions.relay.tracking import track
from dj_actions.signals import remote_finished
from dj_actions.states import RemoteState
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import ScriptedPublisher, script

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(lane: Lane, queue: Queue) -> Delivery:
    """A delivered message whose run has begun."""
    queue()
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    lane.run_once()
    return Delivery.objects.get()


def check(interval: float = 10) -> int:
    return track(publishers["first"], interval=interval)


def test_a_publisher_gets_all_parts_of_a_receipt(lane: Lane, queue: Queue) -> None:
    parts = (ReceiptPart(id="run", scope="a"), ReceiptPart(id="other", scope="b", url="http://b"))
    queue()
    script.behave = lambda _message: Receipt(id="run", scope="a", tracked=True, parts=parts)
    lane.run_once()
    check()

    assert script.tracked[-1].parts == parts


@pytest.mark.parametrize("state", [RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.LOST])
def test_an_end_is_recorded_once(running: Delivery, state: RemoteState) -> None:
    heard: list[Any] = []

    def hear(**news: Any) -> None:
        heard.append((news["delivery_id"], news["state"]))

    script.runs[running.receipt_id] = RemoteRun(state=state, detail="the end")
    remote_finished.connect(hear)
    try:
        assert check() == 1
        assert check() == 0
    finally:
        remote_finished.disconnect(hear)
    running.refresh_from_db()
    assert (running.remote_state, running.remote_detail) == (state, "the end")
    assert running.remote_ended_at
    assert heard == [(running.pk, state)]


def test_a_running_run_is_checked_again_later(running: Delivery) -> None:
    script.runs[running.receipt_id] = RemoteRun(state=RemoteState.RUNNING, detail="queued")
    assert check() == 1
    assert check() == 0
    running.refresh_from_db()
    assert (running.remote_state, running.remote_detail) == (RemoteState.RUNNING, "queued")


def test_an_old_run_is_checked_less_often(running: Delivery) -> None:
    Delivery.objects.update(settled_at=F("settled_at") - timedelta(minutes=20))
    script.runs[running.receipt_id] = RemoteRun(state=RemoteState.RUNNING)
    check()
    running.refresh_from_db()
    assert running.remote_check_at
    assert running.remote_check_at - timezone.now() > timedelta(seconds=100)


def test_many_runs_are_checked_in_one_call(lane: Lane, queue: Queue) -> None:
    queue(7)
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    lane.run_once()
    assert check() == 7
    assert [len(question) for question in script.questions] == [7]


def test_a_destination_that_cannot_be_reached_is_checked_again(
    running: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_args: object) -> Any:
        raise PublisherUnavailable("down")

    monkeypatch.setattr(ScriptedPublisher, "track", down)
    with pytest.raises(PublisherUnavailable):
        check()
    running.refresh_from_db()
    assert running.remote_state == RemoteState.RUNNING
    assert running.remote_check_at
    assert running.remote_check_at > timezone.now()


def test_a_second_tracker_does_not_check_at_the_same_time(running: Delivery) -> None:
    (mine,) = Delivery.objects.claim_tracking("first", limit=10, interval=10)
    assert mine.pk == running.pk
    assert check() == 0


@pytest.mark.parametrize("answers", [[], ["nonsense"]])
def test_after_wrong_responses_the_run_is_checked_again(
    running: Delivery, monkeypatch: pytest.MonkeyPatch, answers: list[Any]
) -> None:
    monkeypatch.setattr(ScriptedPublisher, "track", lambda *_args: answers)
    with pytest.raises(PublishError, match="one RemoteRun for each"):
        check()
    running.refresh_from_db()
    assert running.remote_state == RemoteState.RUNNING


def test_a_detail_that_cannot_be_stored_is_truncated(running: Delivery) -> None:
    detail = "\x00" + "x" * 1000
    script.runs[running.receipt_id] = RemoteRun(state=RemoteState.FAILED, detail=detail)
    check()
    running.refresh_from_db()
    assert len(running.remote_detail) == 255
