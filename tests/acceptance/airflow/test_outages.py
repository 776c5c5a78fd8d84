"""Outages of Airflow, one program after the other: what waits, what goes on, and what is said."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.checks import run_checks
from psycopg import sql

from dj_actions.doctor.publishers import check_reachability
from dj_actions.models import Delivery, PublisherState
from dj_actions.states import DeliveryState, RemoteState
from example.launch.airflow import Airflow
from example.launch.process import Process
from tests.acceptance.airflow.conftest import (
    ALIAS,
    Act,
    Call,
    Route,
    are,
    of,
    wait_for_ends,
    wait_for_hint,
)
from tests.acceptance.airflow.dags import (
    BROKEN,
    PAUSED,
    REMOVED,
    STEADY,
    break_dag,
    remove_dag,
    write_dag,
)
from tests.acceptance.conftest import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow, pytest.mark.slow]

logger = logging.getLogger(__name__)

PROBES = 6
"""Probes of a circuit breaker after which it has been open for half a minute; the next one is
allowed half a minute later."""

RECOVERY = 10.0
"""Seconds after the end of an outage within which messages flow: far less than the half minute
between two probes, and more than the three that it takes on a busy machine."""

ACTIONS = 20


def runs_of(call: Call, dag_id: str) -> list[str]:
    """Return the ids of the newest runs of a DAG."""
    page = call("GET", f"/dags/{dag_id}/dagRuns?limit=100&order_by=-id")
    return [run["dag_run_id"] for run in page["dag_runs"]]


def count_probes() -> int:
    state = PublisherState.objects.find(ALIAS)
    return state.probes if state else 0


def findings() -> Mapping[str, str]:
    """Return what `check --deploy` finds in Airflow: id → message."""
    own = "dj_actions_airflow."
    found = run_checks(tags=["dj_actions"], include_deployment_checks=True)
    return {str(one.id).removeprefix(own): one.msg for one in found if own in str(one.id)}


def test_while_the_api_server_is_down_for_a_minute_all_waits_and_nothing_is_doubled(
    airflow: Airflow, act: Act, relay: Process, call: Call
) -> None:
    wait_for_ends([act()])
    airflow.crash("api-server")
    down_at = time.monotonic()
    results = [act() for _ in range(ACTIONS)]
    wait_for(lambda: count_probes() >= PROBES, "Half a minute of probes")
    assert are(results, state=DeliveryState.PENDING)
    airflow.start_program("api-server")
    wait_for(airflow.is_healthy, "The API server")
    up_at = time.monotonic()
    arrived = Delivery.objects.filter(event__in=[result.event.pk for result in results])
    wait_for(arrived.filter(state=DeliveryState.DELIVERED).exists, "A delivery")
    recovery = time.monotonic() - up_at
    logger.info("down for %.1f s, messages flow %.1f s after that", up_at - down_at, recovery)
    wait_for_ends(results)

    assert recovery <= RECOVERY
    runs = runs_of(call, STEADY)
    assert [runs.count(of(result).receipt_id) for result in results] == [1] * ACTIONS


def test_after_a_restart_with_another_secret_tokens_are_renewed_and_nothing_dies(
    airflow: Airflow, act: Act, relay: Process
) -> None:
    wait_for_ends([act()])
    airflow.replace_secret()
    for name in ("api-server", "scheduler"):  # the scheduler signs the tokens of tasks
        airflow.crash(name)
        airflow.start_program(name)
    wait_for(airflow.is_healthy, "Airflow")
    results = [act() for _ in range(3)]
    wait_for_ends(results)

    assert are(results, attempts=1, errors=[])
    assert relay.returncode is None


@contextmanager
def without_database(url: str) -> Iterator[None]:
    """Let a database refuse all connections."""
    name = urlsplit(url).path.removeprefix("/")
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        server.execute(end, [name])
        try:
            yield
        finally:
            server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_while_the_database_of_airflow_is_down_its_errors_are_an_outage(
    airflow: Airflow, act: Act, relay: Process
) -> None:
    wait_for_ends([act()])
    assert airflow.settings.database_url
    with without_database(airflow.settings.database_url):
        results = [act() for _ in range(5)]
        wait_for(lambda: count_probes() >= PROBES - 2, "Some seconds of probes")
        assert are(results, state=DeliveryState.PENDING)
        errors = [error for result in results for error in of(result).errors]
    wait_for(lambda: are(results, state=DeliveryState.DELIVERED), "The deliveries")
    for name in ("scheduler", "dag-processor"):  # they exit without a database
        airflow.crash(name)
        airflow.start_program(name)
    wait_for_ends(results)

    assert {error["kind"] for error in errors} == {"unavailable"}
    assert all("500" in error["message"] for error in errors)


def test_what_keeps_a_dag_from_running_is_said_everywhere(
    act: Act, route: Route, relay: Process, call: Call, dags: Path
) -> None:
    stopped = (PAUSED, REMOVED, BROKEN)
    for dag_id in stopped:
        call("PATCH", f"/dags/{dag_id}", is_paused=True)
    waiting = {dag_id: act(dag_id) for dag_id in stopped}
    for result in waiting.values():
        wait_for_hint(result, "is paused")
    remove_dag(dags, REMOVED)
    break_dag(dags, BROKEN)
    try:
        wait_for_hint(waiting[REMOVED], "any more")  # Airflow forgets it, sooner or later
        wait_for_hint(waiting[BROKEN], "has an import error")
        wait_for_hint(waiting[PAUSED], "is paused")
        late = {dag_id: act(dag_id) for dag_id in (REMOVED, BROKEN)}
        wait_for(lambda: are([*late.values()], state=DeliveryState.DEAD), "The dead letters")
        for dag_id, result in late.items():
            assert dag_id in of(result).errors[-1]["message"]
        route(*stopped)
        assert findings().keys() == {"W003", "E010", "E011"}
        doctor = [finding.message for finding in check_reachability()]
        for dag_id in stopped:
            assert any(dag_id in message for message in doctor)
    finally:
        for dag_id in (REMOVED, BROKEN):
            write_dag(dags, dag_id)
    wait_for(lambda: findings().keys() == {"W003"}, "The DAGs")
    for dag_id in stopped:
        call("PATCH", f"/dags/{dag_id}", is_paused=False)
    wait_for_ends(list(waiting.values()))


def test_while_the_scheduler_is_dead_runs_are_queued_and_say_why(
    airflow: Airflow, act: Act, relay: Process
) -> None:
    wait_for_ends([act()])
    airflow.crash("scheduler")
    result = act()
    wait_for(lambda: of(result).state == DeliveryState.DELIVERED, "The delivery")
    hint = wait_for_hint(result, "scheduler")
    assert (of(result).remote_state, of(result).remote_detail) == (RemoteState.RUNNING, "queued")
    logger.info("%s", hint)
    assert findings().keys() == {"W004"}
    airflow.start_program("scheduler")
    wait_for_ends([result])

    assert of(result).remote_hint == ""
