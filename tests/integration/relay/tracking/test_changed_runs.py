"""Following the runs that a destination lists as changed, and noticing the end of an outage."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.messages import Receipt, RemoteRun
from dj_actions.models import Delivery, PublisherState
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.tracking.changed_runs import LONG_OVERLAP, OVERLAP, requested_since
from dj_actions.relay.tracking.tracker import Tracker
from dj_actions.states import RemoteState
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import script

pytestmark = pytest.mark.django_db

HORIZON = 604_800
END = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SUCCEEDED = RemoteRun(state=RemoteState.SUCCEEDED, detail="success", ended_at=END)
RUNNING = RemoteRun(state=RemoteState.RUNNING, detail="queued")
DOWN = PublisherUnavailable("down")


@pytest.fixture(autouse=True)
def listing(configured: None, settings: Settings) -> None:
    """Let the first publisher list changes."""
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["first"]
    backend = "tests.integration.relay.scripted.ListingPublisher"
    settings.DJ_ACTIONS = {
        **settings.DJ_ACTIONS,
        "PUBLISHERS": {"first": {**entry, "BACKEND": backend}},
        "TRACK_INTERVAL": 0.000_001,
    }


@pytest.fixture
def tracker() -> Tracker:
    return Tracker("first", get_settings(), threading.Event())


@pytest.fixture
def running(queue: Queue, listing: None) -> list[Delivery]:
    """Three delivered messages whose runs have begun some time ago, and were checked once."""
    queue(3)
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    Lane("first", get_settings(), threading.Event()).run_once()
    script.changed = {}
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.update(remote_check_at=later, remote_detail="queued")
    return list(Delivery.objects.order_by("pk"))


def asked() -> list[str]:
    """Return the runs that were asked about, and forget them."""
    ids = [run for question in script.questions for run in question]
    script.questions.clear()
    return ids


def state_of(delivery: Delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.remote_state, delivery.remote_detail


def test_only_what_has_changed_is_asked_about(tracker: Tracker, running: list[Delivery]) -> None:
    first, second, _ = running
    script.runs[first.receipt_id] = SUCCEEDED
    script.changed = {str(first.event_id): [SUCCEEDED], str(second.event_id): [RUNNING]}
    tracker.run_once()

    assert asked() == [first.receipt_id]
    assert [state_of(delivery)[0] for delivery in running] == ["succeeded", "running", "running"]
    tracker.run_once()
    assert asked() == []


def test_a_list_without_states_is_enough(tracker: Tracker, running: list[Delivery]) -> None:
    first, *_ = running
    script.runs[first.receipt_id] = SUCCEEDED
    script.changed = [str(first.event_id).upper(), "no id", "00000000-0000-4000-8000-000000000000"]
    tracker.run_once()

    assert asked() == [first.receipt_id]
    assert state_of(first)[0] == RemoteState.SUCCEEDED


@pytest.mark.parametrize(
    "changed",
    [
        RemoteRun(state=RemoteState.RUNNING, detail="queued"),
        RemoteRun(state=RemoteState.FAILED, detail="failed", ended_at=END),
        RemoteRun(
            state=RemoteState.SUCCEEDED, detail="success", ended_at=END + timedelta(seconds=1)
        ),
    ],
)
def test_what_has_ended_is_followed(
    tracker: Tracker, running: list[Delivery], changed: RemoteRun
) -> None:
    first, *_ = running
    script.runs[first.receipt_id] = SUCCEEDED
    script.changed = {str(first.event_id): [SUCCEEDED]}
    tracker.run_once()

    script.runs[first.receipt_id] = changed
    script.changed = {str(first.event_id): [changed]}
    tracker.run_once()
    assert state_of(first) == (changed.state, changed.detail)
    assert len(first.remote_history) == 2


def test_what_ended_before_the_horizon_is_not(tracker: Tracker, running: list[Delivery]) -> None:
    first, *_ = running
    ended_at = timezone.now() - timedelta(seconds=HORIZON + 60)
    Delivery.objects.filter(pk=first.pk).update(
        remote_state="failed", remote_ended_at=ended_at, remote_check_at=None
    )
    script.changed = {str(first.event_id): [SUCCEEDED]}
    tracker.run_once()

    assert asked() == []


def test_changes_are_requested_since_the_last_time_with_an_overlap(
    tracker: Tracker, running: list[Delivery]
) -> None:
    tracker.run_once()
    known = PublisherState.objects.get(alias="first").changes_known_until
    tracker.run_once()
    first, second = script.since

    assert first.tzinfo == second.tzinfo == UTC
    assert timedelta(hours=1) <= timezone.now() - first < timedelta(hours=2)
    assert known
    # A half minute may have begun in between.
    assert known - second in {timedelta(seconds=OVERLAP), timedelta(seconds=LONG_OVERLAP)}


@pytest.mark.parametrize(
    ("known", "checked", "overlap"),
    [(0, 5, OVERLAP), (24, 29, OVERLAP), (26, 31, LONG_OVERLAP), (56, 61, LONG_OVERLAP)],
)
def test_once_in_half_a_minute_more_is_requested_again(
    known: float, checked: float, overlap: float
) -> None:
    minute = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    state = PublisherState(
        alias="first",
        changes_known_until=minute + timedelta(seconds=known),
        changes_checked_at=minute + timedelta(seconds=checked),
    )
    state.read_at = minute + timedelta(seconds=checked)

    since = requested_since(state, HORIZON)
    assert since == minute + timedelta(seconds=known - overlap)


def test_two_relays_request_changes_once(
    settings: Settings, tracker: Tracker, running: list[Delivery]
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "TRACK_INTERVAL": 60}
    relays = [Tracker("first", get_settings(), threading.Event()) for _ in range(2)]
    for relay in relays:
        relay.run_once()

    assert len(script.since) == 1
    # Both know that changes are listed: new runs are not asked about by themselves.
    assert all(relay._pace.changes_known for relay in relays)


def test_nothing_is_requested_without_runs(tracker: Tracker) -> None:
    tracker.run_once()

    assert script.since == []


def test_runs_that_were_only_just_started_are_not_asked_about(
    tracker: Tracker, queue: Queue, running: list[Delivery]
) -> None:
    queue(2)
    Lane("first", get_settings(), threading.Event()).run_once()
    tracker.run_once()

    assert asked() == []
    waiting = Delivery.objects.exclude(pk__in=[one.pk for one in running])
    for delivery in waiting:
        assert delivery.remote_check_at
        assert delivery.settled_at
        wait = delivery.remote_check_at - delivery.settled_at
        assert timedelta(seconds=9) < wait < timedelta(seconds=11)


def test_a_destination_that_cannot_tell_is_asked_about_each_run(
    tracker: Tracker, running: list[Delivery]
) -> None:
    script.changed = None
    for delivery in running:
        script.runs[delivery.receipt_id] = RUNNING
    Delivery.objects.update(remote_check_at=timezone.now() - timedelta(seconds=1))
    tracker.run_once()

    assert sorted(asked()) == sorted(delivery.receipt_id for delivery in running)
    assert PublisherState.objects.get(alias="first").changes_known_until is None


@pytest.mark.parametrize("error", [PublisherMisconfigured("403"), RateLimited("429"), DOWN])
def test_a_list_that_is_refused_does_not_stop_the_tracking(
    tracker: Tracker,
    running: list[Delivery],
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    script.changed = error
    script.runs[running[0].receipt_id] = SUCCEEDED
    Delivery.objects.filter(pk=running[0].pk).check_now()
    with caplog.at_level(logging.WARNING):
        tracker.run_once()
        script.changed = type(error)(f"{error} with another id")
        tracker.run_once()

    assert state_of(running[0])[0] == RemoteState.SUCCEEDED
    assert len([line for line in caplog.messages if "cannot be listed" in line]) == 1


@pytest.mark.parametrize("answer", ["nonsense", 7, 0])
def test_a_list_of_another_type_is_refused(
    tracker: Tracker, running: list[Delivery], answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    script.changed = answer
    with caplog.at_level(logging.WARNING):
        tracker.run_once()

    assert "changed_since must return" in caplog.text


# The end of an outage


Open = Callable[..., PublisherState]


@pytest.fixture
def open_breaker() -> Open:
    """Return a function that opens the circuit breaker for 30 seconds."""

    def open_breaker(**values: Any) -> PublisherState:
        until = timezone.now() + timedelta(seconds=30)
        PublisherState.objects.update_or_create(
            alias="first", defaults={"open_until": until, "probes": 5, "failures": 3} | values
        )
        return PublisherState.objects.get(alias="first")

    return open_breaker


def may_probe() -> bool:
    until = PublisherState.objects.get(alias="first").open_until
    return until is not None and until <= timezone.now()


def test_a_message_may_probe_once_the_destination_responds_again(
    tracker: Tracker, running: list[Delivery], open_breaker: Open
) -> None:
    open_breaker()
    script.changed = DOWN
    tracker.run_once()
    assert not may_probe()

    script.changed = {}
    tracker.run_once()
    assert may_probe()


def test_a_tracker_notices_the_end_of_an_outage_without_runs(
    tracker: Tracker, open_breaker: Open
) -> None:
    open_breaker()
    script.changed = DOWN
    tracker.run_once()
    script.changed = {}
    tracker.run_once()

    assert may_probe()


def test_a_destination_that_responds_all_the_time_allows_no_probe(
    tracker: Tracker, running: list[Delivery], open_breaker: Open
) -> None:
    """It may refuse messages, and answer questions."""
    open_breaker()
    tracker.run_once()
    tracker.run_once()

    assert not may_probe()


@pytest.mark.parametrize("values", [{"failures": 0}, {"paused_at": END}])
def test_wrong_settings_and_a_pause_allow_no_probe(
    tracker: Tracker, running: list[Delivery], open_breaker: Open, values: dict[str, Any]
) -> None:
    open_breaker(**values)
    script.changed = DOWN
    tracker.run_once()
    script.changed = {}
    tracker.run_once()

    assert not may_probe()


def test_a_rate_limit_allows_no_probe(
    tracker: Tracker, running: list[Delivery], open_breaker: Open
) -> None:
    open_breaker()
    script.changed = RateLimited("429")
    tracker.run_once()
    script.changed = {}
    tracker.run_once()

    assert not may_probe()
