"""The server that speaks Airflow's protocol, and deliveries with runs there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from django.utils import timezone
from pytest_django import Settings

from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.destinations import serve
from tests.integration.airflow.destination import PASSWORD, USERNAME, AirflowDestination

DELIVERED_AT = datetime(2026, 1, 2, tzinfo=UTC)

REMOTE_STATES = {"success": "succeeded", "failed": "failed"}


class MakeRun(Protocol):
    """Creates a delivery, and its run at the destination."""

    def __call__(
        self, state: str = "failed", *, dag_id: str = "reports", conf: Any = None, **fields: Any
    ) -> Delivery: ...


@pytest.fixture
def destination(direct_connections: None) -> Iterator[AirflowDestination]:
    """A running server, and publishers to it."""
    yield from serve(AirflowDestination())


@pytest.fixture
def pipelines(destination: AirflowDestination, settings: Settings) -> Iterator[AirflowDestination]:
    """The server, as the destination of the configured publisher `pipelines`."""
    options = {
        "base_url": destination.server.url,
        "username": USERNAME,
        "password": PASSWORD,
        "timeout": 30.0,
    }
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            "pipelines": {"BACKEND": "dj_actions_airflow.AirflowPublisher", "OPTIONS": options},
            "memory": {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher"},
        }
    }
    yield destination
    publishers["pipelines"].close()


@pytest.fixture
def make_run(
    pipelines: AirflowDestination, make_event: MakeEvent, make_delivery: MakeDelivery
) -> MakeRun:
    """Return a function that creates a delivery, and its run at the destination."""

    def make_run(
        state: str = "failed", *, dag_id: str = "reports", conf: Any = None, **fields: Any
    ) -> Delivery:
        event = make_event()
        run_id = f"djactions-{event.pk}"
        payload = {"id": str(event.pk), "data": {"size": 1}} if conf is None else conf
        pipelines.add_run(dag_id, run_id, payload, state)
        remote = (
            {"remote_state": REMOTE_STATES[state], "remote_ended_at": DELIVERED_AT}
            if state in REMOTE_STATES
            else {"remote_state": "running", "remote_check_at": timezone.now() + timedelta(hours=1)}
        )
        receipt = {"receipt_id": run_id, "receipt_scope": dag_id}
        delivered = {"publisher": "pipelines", "state": "delivered", "settled_at": DELIVERED_AT}
        return make_delivery(event=event, **(delivered | receipt | remote | fields))

    return make_run
