"""What a lane does when Airflow refuses a user: for one DAG, or for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.models import Delivery, PublisherState
from dj_actions.relay.lanes.lane import Lane
from tests.fixtures.destinations import serve
from tests.fixtures.relay import RETRY, Queue
from tests.integration.airflow.destination import PASSWORD, USERNAME
from tests.integration.airflow.tracked_destination import TrackedAirflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def airflow(direct_connections: None) -> Iterator[TrackedAirflow]:
    """An Airflow with two DAGs."""
    airflow = TrackedAirflow()
    airflow.dags["payroll"] = dict(airflow.dags["reports"])
    yield from serve(airflow)


@pytest.fixture
def lane(airflow: TrackedAirflow, settings: Settings, queue: Queue) -> Lane:
    """The lane of a publisher with a message for each DAG, the one for `payroll` first."""
    options = {"base_url": airflow.server.url, "username": USERNAME, "password": PASSWORD}
    routes = {"todo.mark_done": {"dag_id": ["payroll", "reports"]}}
    backend = "dj_actions_airflow.AirflowPublisher"
    entry = {"BACKEND": backend, "OPTIONS": options, "ROUTES": routes, "RETRY": RETRY}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": entry}}
    for dag_id in ("payroll", "reports"):
        queue(publisher="pipelines", options={"dag_id": dag_id})
    return Lane("pipelines", get_settings(), threading.Event())


def states() -> list[tuple[str, int]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "attempts"))


def test_a_forbidden_dag_does_not_stop_the_others(airflow: TrackedAirflow, lane: Lane) -> None:
    airflow.forbidden_dags.add("payroll")
    lane.run_once()

    assert states() == [("pending", 1), ("delivered", 1)]
    assert not PublisherState.objects.exclude(open_until=None).exists()


def test_a_user_who_may_trigger_nothing_stops_the_lane(airflow: TrackedAirflow, lane: Lane) -> None:
    airflow.may_trigger = False
    lane.run_once()

    assert states() == [("pending", 0), ("pending", 0)]
    assert PublisherState.objects.exclude(open_until=None).exists()
