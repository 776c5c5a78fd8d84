"""How often a remote run is checked by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dj_actions.messages import RemoteRun
from dj_actions.models import Delivery
from dj_actions.relay.tracking.run_pace import MAX_SCOPES, RunPace
from dj_actions.states import RemoteState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RUNNING, SUCCEEDED = RemoteState.RUNNING, RemoteState.SUCCEEDED


def run_of_age(seconds: float, *, is_new: bool = False, scope: str = "reports") -> Delivery:
    """Return a delivery whose run has begun some seconds ago."""
    settled_at = NOW - timedelta(seconds=seconds)
    delivery = Delivery(
        settled_at=settled_at,
        receipt_scope=scope,
        remote_state=RUNNING,
        remote_check_at=settled_at if is_new else NOW + timedelta(seconds=1),
    )
    delivery.claimed_at = NOW
    return delivery


def learned(pace: RunPace, *durations: float, scope: str = "reports") -> RunPace:
    for duration in durations:
        run = RemoteRun(state=SUCCEEDED, duration=duration)
        pace.learn(run_of_age(0, scope=scope), run)
    return pace


@pytest.mark.parametrize(("age", "wait"), [(0, 5), (49, 5), (100, 10), (10_000, 300)])
def test_without_a_list_of_changes_old_runs_are_checked_less_often(age: float, wait: float) -> None:
    assert RunPace(interval=5).next_wait(run_of_age(age), RUNNING) == pytest.approx(wait)


@pytest.mark.parametrize(("age", "wait"), [(0, 300), (500, 100), (599, 59.9), (700, 70)])
def test_a_run_is_checked_when_it_may_have_ended(age: float, wait: float) -> None:
    pace = learned(RunPace(interval=5), 1200, 1200)

    assert pace.next_wait(run_of_age(age), RUNNING) == pytest.approx(wait)


@pytest.mark.parametrize(("age", "wait"), [(0, 60), (100, 60), (1000, 500), (10_000, 1800)])
def test_with_a_list_of_changes_runs_are_checked_rarely(age: float, wait: float) -> None:
    pace = RunPace(interval=5, changes_known=True)

    assert pace.next_wait(run_of_age(age), RUNNING) == wait


def test_a_long_interval_is_respected() -> None:
    for changes_known in (True, False):
        pace = RunPace(interval=3600, changes_known=changes_known)
        assert pace.next_wait(run_of_age(0), RUNNING) == 3600


@pytest.mark.parametrize(
    ("durations", "wait"), [((), 10), ((2,), 10), ((100,), 100), ((5000,), 300)]
)
def test_a_new_run_is_not_checked_before_it_usually_ends(
    durations: tuple[float, ...], wait: float
) -> None:
    pace = learned(RunPace(interval=5, changes_known=True), *durations)

    assert pace.first_wait(run_of_age(0, is_new=True)) == wait
    assert pace.first_wait(run_of_age(400, is_new=True)) == 0
    assert pace.first_wait(run_of_age(0)) == 0


def test_without_a_list_of_changes_a_new_run_is_checked_at_once() -> None:
    assert RunPace(interval=5).first_wait(run_of_age(0, is_new=True)) == 0


def test_the_usual_duration_follows_the_latest_ones_of_each_dag() -> None:
    pace = RunPace(interval=5, changes_known=True)
    learned(pace, *[20.0] * 10, *[200.0] * 20)
    learned(pace, 50, scope="other")

    assert pace.first_wait(run_of_age(0, is_new=True)) == pytest.approx(200, abs=1)
    assert pace.first_wait(run_of_age(0, is_new=True, scope="other")) == 50


def test_the_memory_of_durations_is_bounded() -> None:
    pace = RunPace(interval=5, changes_known=True)
    for number in range(MAX_SCOPES + 10):
        learned(pace, 100, scope=str(number))

    assert pace.first_wait(run_of_age(0, is_new=True, scope="0")) == 10
    assert pace.first_wait(run_of_age(0, is_new=True, scope=str(MAX_SCOPES))) == 100


def test_a_duration_that_is_unknown_or_nonsense_teaches_nothing() -> None:
    pace = RunPace(interval=5, changes_known=True)
    pace.learn(run_of_age(0), RemoteRun(state=SUCCEEDED))
    pace.learn(run_of_age(0), RemoteRun(state=SUCCEEDED, duration=-7))

    assert pace.first_wait(run_of_age(0, is_new=True)) == 10
