"""What can go wrong between the Airflow publisher and Airflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import urllib3.exceptions

from tests.fixtures.relay_memory import MAX_MEGABYTES, measure, needs_proc
from tests.fixtures.scripted_server import as_json
from tests.fixtures.transport_faults import TransportFaults
from tests.fixtures.unbounded import ENDLESS_FRAMING, HEAVY_JSON, TOO_LARGE
from tests.integration.airflow.destination import PASSWORD, TOKEN, USERNAME, AirflowDestination


class TestAirflowFaults(TransportFaults):
    """The contract of both integrations."""

    transport_error = urllib3.exceptions.HTTPError


BACKEND = "dj_actions_airflow.AirflowPublisher"


def options_for(destination: AirflowDestination) -> dict[str, Any]:
    """Return the OPTIONS of a publisher to a server."""
    credentials = {"username": USERNAME, "password": PASSWORD}
    return {"base_url": destination.server.url, "dag_id": "reports", "timeout": 3, **credentials}


@needs_proc
@pytest.mark.parametrize("path", [TOKEN, "/dagRuns"])
def test_no_response_fills_the_memory_of_a_relay(
    destination: AirflowDestination, tmp_path: Path, path: str
) -> None:
    steps = [*TOO_LARGE.values(), *ENDLESS_FRAMING.values(), *HEAVY_JSON.values()]
    destination.server.script(*steps, at=path)
    relay = measure(tmp_path, BACKEND, options_for(destination), attempts=len(steps))

    assert all("'kind': 'unavailable'" in outcome for outcome in relay.outcomes), relay
    assert relay.peak < MAX_MEGABYTES


@needs_proc
def test_no_list_of_runs_fills_the_memory_of_a_relay(
    destination: AirflowDestination, tmp_path: Path
) -> None:
    rows = [{"dag_id": "d", "dag_run_id": f"djactions-1{n}", "state": "queued"} for n in range(100)]
    lie = as_json({"dag_runs": rows, "total_entries": 10**9, "x": "y" * 1_000_000})
    lists = [replace(answer, status=200) for answer in HEAVY_JSON.values()]
    steps = [lie, lie, *lists, *[TOO_LARGE["a gzip bomb"]] * 7]
    destination.server.script(*steps, at="/dagRuns")
    relay = measure(tmp_path, BACKEND, options_for(destination), attempts=4, track=True)

    assert all(outcome.startswith("PublisherUnavailable") for outcome in relay.outcomes), relay
    assert relay.peak < MAX_MEGABYTES
