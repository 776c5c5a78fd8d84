"""The operations on runs, and what they have sent and recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dj_actions_airflow import runs

from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import OperationOutcome
from tests.fixtures.scripted_server import Request
from tests.integration.airflow.destination import AirflowDestination

WHO_AND_WHY: dict[str, Any] = {"actor": None, "reason": "the disk was full"}

VERBS: dict[str, Callable[..., tuple[OperationOutcome, ...]]] = {
    "rerun": runs.rerun,
    "mark": lambda chosen, **options: runs.mark(chosen, "succeeded", **options),
    "note": lambda chosen, **options: runs.note(chosen, "looked at", **options),
    "unpause": runs.unpause,
    "trigger": lambda chosen, **options: runs.trigger(chosen, {"data": {}}, **options),
}

each_verb = pytest.mark.parametrize("verb", VERBS)


def records() -> list[ActionEvent]:
    """Return what was recorded of operations on runs, the oldest first."""
    return list(ActionEvent.objects.filter(resource="airflow_run").order_by("pk"))


def run_of(destination: AirflowDestination, delivery: Delivery) -> dict[str, Any]:
    """Return the run of a delivery as the server has it."""
    return destination.runs[delivery.receipt_scope, delivery.receipt_id]


def changes(destination: AirflowDestination) -> list[Request]:
    """Return the requests that could have changed something."""
    sent = destination.server.requests
    return [entry for entry in sent if entry.method != "GET" and entry.path != "/auth/token"]


def statuses(outcomes: tuple[OperationOutcome, ...]) -> list[str]:
    """Return the status of each outcome."""
    return [outcome.status.value for outcome in outcomes]
