"""Following remote runs to their end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from dj_actions.exceptions import PublishError, PublisherUnavailable
from dj_actions.messages import Receipt, ReceiptPart, RemoteFailure, RemoteRun
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.tracking.due_runs import record, track
from dj_actions.relay.tracking.run_pace import RunPace
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


def check(pace: RunPace | None = None) -> int:
    return track(publishers["first"], pace or RunPace(interval=10)).claimed


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


# No end is final


FOLLOWED = RunPace(interval=10, horizon=604_800)
END = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def ended(state: RemoteState, *, second: int = 0, **values: Any) -> RemoteRun:
    return RemoteRun(state=state, ended_at=END + timedelta(seconds=second), **values)


def follow(delivery: Delivery, run: RemoteRun) -> list[dict[str, Any]]:
    """Check a delivery whose run is like this; return what receivers of the signal get."""
    heard: list[dict[str, Any]] = []

    def hear(**news: Any) -> None:
        heard.append(news)

    script.runs[delivery.receipt_id] = run
    Delivery.objects.filter(pk=delivery.pk).check_now()
    remote_finished.connect(hear)
    try:
        assert check(FOLLOWED) == 1
    finally:
        remote_finished.disconnect(hear)
    delivery.refresh_from_db()
    return heard


def test_a_run_that_is_started_again_is_followed_to_its_next_end(running: Delivery) -> None:
    failure = RemoteFailure(task="write_report", exception="ValueError: x", log=("a", "b"))
    assert len(follow(running, ended(RemoteState.FAILED, failure=failure, duration=3.0))) == 1
    assert running.remote_failure == {
        "task": "write_report",
        "exception": "ValueError: x",
        "log": ["a", "b"],
    }
    assert running.remote_duration == 3.0

    assert follow(running, RemoteRun(state=RemoteState.RUNNING, detail="queued")) == []
    assert (running.remote_state, running.remote_ended_at) == (RemoteState.RUNNING, None)
    assert running.remote_failure is None

    (news,) = follow(running, ended(RemoteState.SUCCEEDED, second=9, result=[7]))
    assert (news["state"], news["previous_state"]) == (RemoteState.SUCCEEDED, RemoteState.RUNNING)
    assert (news["failure"], news["result"]) == (None, [7])
    assert running.remote_result == [7]
    assert [(entry["state"], entry["detail"]) for entry in running.remote_history] == [
        ("failed", "write_report: ValueError: x"),
        ("running", "queued"),
        ("succeeded", ""),
    ]
    assert running.remote_changed_at


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RemoteState.SUCCEEDED, RemoteState.FAILED),
        (RemoteState.FAILED, RemoteState.SUCCEEDED),
        (RemoteState.SUCCEEDED, RemoteState.LOST),
        (RemoteState.LOST, RemoteState.SUCCEEDED),
    ],
)
def test_a_run_that_is_marked_or_deleted_has_another_end(
    running: Delivery, first: RemoteState, second: RemoteState
) -> None:
    follow(running, RemoteRun(state=first))
    (news,) = follow(running, RemoteRun(state=second))

    assert (news["state"], news["previous_state"]) == (second, first)
    assert (running.remote_state, len(running.remote_history)) == (second, 2)


def test_the_same_end_is_recorded_once(running: Delivery) -> None:
    run = ended(RemoteState.FAILED, failure=RemoteFailure(task="x"))
    assert len(follow(running, run)) == 1
    ended_at = running.remote_ended_at
    assert follow(running, ended(RemoteState.FAILED)) == []  # the log is gone by now

    assert (running.remote_ended_at, len(running.remote_history)) == (ended_at, 1)
    assert running.remote_failure == {"task": "x"}


def test_a_run_that_fails_again_has_another_end(running: Delivery) -> None:
    follow(running, ended(RemoteState.FAILED))
    (news,) = follow(running, ended(RemoteState.FAILED, second=60))

    assert (news["state"], news["previous_state"]) == (RemoteState.FAILED, RemoteState.FAILED)
    assert len(running.remote_history) == 2


def test_the_history_is_bounded(running: Delivery) -> None:
    for number in range(25):
        follow(running, ended(RemoteState.FAILED, second=number, detail=str(number)))

    assert [entry["detail"] for entry in running.remote_history] == list(map(str, range(5, 25)))


def test_an_end_is_checked_ever_more_rarely_until_the_horizon(running: Delivery) -> None:
    follow(running, ended(RemoteState.SUCCEEDED))
    waits = []
    for age in (0, 600, 86_400, 604_800 - 60, 604_801):
        long_ago = timezone.now() - timedelta(seconds=age)
        Delivery.objects.update(remote_ended_at=long_ago)
        follow(running, ended(RemoteState.SUCCEEDED))
        next_check = running.remote_check_at
        waits.append(next_check and round((next_check - timezone.now()).total_seconds(), -1))

    assert waits == [60, 600, 86_400, 60, None]


def test_an_end_is_final_at_a_destination_that_does_not_list_changes(running: Delivery) -> None:
    script.runs[running.receipt_id] = RemoteRun(state=RemoteState.SUCCEEDED)
    check()
    running.refresh_from_db()

    assert running.remote_check_at is None


def test_the_end_of_a_delivery_that_was_replayed_meanwhile_is_not_recorded(
    running: Delivery,
) -> None:
    (claimed,) = Delivery.objects.claim_tracking("first", limit=10, interval=10)
    Delivery.objects.filter(pk=running.pk).replay_delivered()
    record(claimed, ended(RemoteState.FAILED), FOLLOWED)
    running.refresh_from_db()

    assert (running.remote_state, running.remote_history) == (RemoteState.UNTRACKED, [])


def test_of_two_trackers_that_race_one_records_the_end(running: Delivery) -> None:
    heard: list[Any] = []

    def hear(**news: Any) -> None:
        heard.append(news["state"])

    (claimed,) = Delivery.objects.claim_tracking("first", limit=10, interval=10)
    remote_finished.connect(hear)
    try:
        record(claimed, ended(RemoteState.FAILED), FOLLOWED)
        record(claimed, ended(RemoteState.SUCCEEDED), FOLLOWED)
    finally:
        remote_finished.disconnect(hear)
    running.refresh_from_db()

    assert heard == [running.remote_state] == [RemoteState.FAILED]


def test_a_replay_forgets_the_run(running: Delivery) -> None:
    follow(running, ended(RemoteState.FAILED, failure=RemoteFailure(task="x")))
    Delivery.objects.filter(pk=running.pk).replay_delivered()
    running.refresh_from_db()

    assert (running.remote_report, running.remote_changed_at) == (None, None)


def test_a_hint_is_stored_while_it_holds(running: Delivery) -> None:
    follow(running, RemoteRun(state=RemoteState.RUNNING, hint="DAG 'x' is paused."))
    assert running.remote_hint == "DAG 'x' is paused."
    assert running.remote_summary == "running: DAG 'x' is paused."

    follow(running, RemoteRun(state=RemoteState.RUNNING))
    assert running.remote_hint == ""


def test_a_publisher_gets_the_options_of_the_route(
    running: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    Delivery.objects.update(options={"result_task": "x"})
    given: list[Receipt] = []

    def answer(_self: object, receipts: Any) -> list[RemoteRun]:
        given.extend(receipts)
        return [RemoteRun(state=RemoteState.RUNNING)]

    monkeypatch.setattr(ScriptedPublisher, "track", answer)
    check()

    assert [receipt.options for receipt in given] == [{"result_task": "x"}]


# Whatever a destination says can be stored


@pytest.mark.parametrize(
    "run",
    [
        RemoteRun(
            state=RemoteState.FAILED,
            failure=RemoteFailure(
                task="t\x00" * 500,
                exception="\ud800" + "x" * 9000,
                log=("a\x00\nb",) * 100,
                url="u" * 9000,
            ),
            duration=float("nan"),
        ),
        RemoteRun(state=RemoteState.SUCCEEDED, result={"a\x00": float("inf")}),
        RemoteRun(state=RemoteState.SUCCEEDED, result={"x": object()}),
        RemoteRun(state=RemoteState.SUCCEEDED, result="x" * 100_000),
        RemoteRun(state=RemoteState.RUNNING, hint="\x00" * 9000),
    ],
)
def test_a_report_is_bounded_and_storable(running: Delivery, run: RemoteRun) -> None:
    follow(running, run)

    assert running.remote_state == run.state
    assert len(json.dumps(running.remote_report, ensure_ascii=False).encode()) < 30_000


def test_secrets_in_a_report_are_redacted(running: Delivery, settings: Settings) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "SENSITIVE_FIELDS": ["pin"]}
    failure = RemoteFailure(
        task="t",
        exception="ConnectionError: postgresql://bob:hunter2@db/x",
        log=(
            "pin=hunter2",
            'sent {"password": "hunter2", "a": 1}',
            "Authorization: Bearer hunter2.",
        ),
    )
    follow(running, RemoteRun(state=RemoteState.FAILED, failure=failure, result={"PIN": "hunter2"}))

    assert "hunter2" not in json.dumps(running.remote_report) + json.dumps(running.remote_history)
    assert "postgresql://" in running.failed_step


def test_a_hint_about_a_run_that_has_just_begun_is_not_postponed(running: Delivery) -> None:
    """Its first check is postponed otherwise: its end is listed among the changes later."""
    pace = RunPace(interval=10, horizon=604_800, changes_known=True)
    script.runs[running.receipt_id] = ended(RemoteState.SUCCEEDED)
    assert running.remote_check_at == running.settled_at

    assert Delivery.objects.filter(pk=running.pk).check_now() == 1
    assert Delivery.objects.filter(pk=running.pk).check_now() == 0
    check(pace)
    running.refresh_from_db()
    assert running.remote_state == RemoteState.SUCCEEDED
