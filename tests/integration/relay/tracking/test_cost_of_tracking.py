"""How many requests it costs to follow many runs."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from dj_actions_airflow.routing.conversion import RUN_ID_PREFIX
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.identifiers import uuid7
from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.relay.tracking.tracker import Tracker
from tests.fixtures.destinations import serve
from tests.integration.airflow.destination import PASSWORD, USERNAME
from tests.integration.airflow.tracked_destination import TrackedAirflow

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

logger = logging.getLogger(__name__)

RUNS = int(os.environ.get("FOLLOWED_RUNS", "500"))
"""Runs that are followed; the limits are the same for 10,000."""

INTERVAL = 5
PASSES = 12
"""Passes of a tracker in a minute."""


@pytest.fixture
def airflow(direct_connections: None) -> Iterator[TrackedAirflow]:
    yield from serve(TrackedAirflow())


@pytest.fixture
def tracker(airflow: TrackedAirflow, settings: Settings) -> Tracker:
    options = {"base_url": airflow.server.url, "username": USERNAME, "password": PASSWORD}
    entry = {
        "BACKEND": "dj_actions_airflow.AirflowPublisher",
        "OPTIONS": {**options, "dag_id": "reports"},
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": entry}, "TRACK_INTERVAL": INTERVAL}
    return Tracker("pipelines", get_settings(), threading.Event())


def follow(airflow: TrackedAirflow, *, running: int, ended: int) -> list[str]:
    """Put runs there that we follow, and return the ids of their events."""
    events = [
        ActionEvent(id=uuid7(), resource="todo", action="mark_done", object_ids=["1"])
        for _ in range(running + ended)
    ]
    ActionEvent.objects.bulk_create(events)
    now = timezone.now()
    deliveries = []
    for number, event in enumerate(events):
        is_running = number < running
        run_id = f"{RUN_ID_PREFIX}{event.pk}"
        airflow.change("reports", run_id, "running" if is_running else "success")
        airflow.updated["reports", run_id] -= timedelta(hours=1)
        began = now - timedelta(hours=1, seconds=number % 3600)
        age = (now - began) / 2
        deliveries.append(
            Delivery(
                event=event,
                publisher="pipelines",
                state="delivered",
                settled_at=began,
                receipt_id=run_id,
                receipt_scope="reports",
                remote_state="running" if is_running else "succeeded",
                remote_detail="running" if is_running else "success",
                remote_ended_at=None if is_running else began,
                # As many are due at each moment as if they had been followed all the time.
                remote_check_at=now + age * ((number % 97) / 97),
            )
        )
    Delivery.objects.bulk_create(deliveries)
    return [str(event.pk) for event in events]


def pass_time(tracker: Tracker, airflow: TrackedAirflow) -> None:
    """Let the interval pass, for us and for Airflow."""
    step = timedelta(seconds=INTERVAL)
    times = ("settled_at", "remote_ended_at", "remote_check_at")
    Delivery.objects.update(**{name: F(name) - step for name in times})
    PublisherState.objects.update(
        changes_checked_at=F("changes_checked_at") - step,
        changes_known_until=F("changes_known_until") - step,
    )
    for key in airflow.updated:
        airflow.updated[key] -= step
    tracker._changes.expire()
    tracker.run_once()


@pytest.mark.parametrize(("running", "ended"), [(RUNS, 0), (0, RUNS)])
def test_many_followed_runs_cost_a_few_requests_a_minute(
    tracker: Tracker, airflow: TrackedAirflow, running: int, ended: int
) -> None:
    follow(airflow, running=running, ended=ended)
    tracker.run_once()
    airflow.server.requests.clear()
    for _ in range(PASSES):
        pass_time(tracker, airflow)
    lists = airflow.server.count("GET", "/dagRuns")
    others = len(airflow.server.requests) - lists
    logger.info("%d running, %d ended: %d lists and %d others", running, ended, lists, others)

    # One list of changes and one of the runs whose time has come, every 5 s.
    assert lists <= 25
    assert others <= 5


def test_an_end_among_many_is_recorded_in_the_next_pass(
    tracker: Tracker, airflow: TrackedAirflow
) -> None:
    first, *_ = follow(airflow, running=100, ended=0)
    tracker.run_once()
    airflow.change("reports", f"{RUN_ID_PREFIX}{first}", "success")
    pass_time(tracker, airflow)

    assert Delivery.objects.get(event=UUID(first)).remote_state == "succeeded"
