"""What Airflow says about DAGs is fetched once for all threads of a publisher."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.dags.details import CONFIRMED_AGE, MAX_AGE, DetailsCache

from dj_actions.exceptions import DestinationNotFound, PublisherUnavailable
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Answer, Fault, Request
from tests.integration.airflow.destination import AirflowDestination


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> DetailsCache:
    return DetailsCache(Connection(base_url="http://127.0.0.1"), clock=clock)


def during_details(destination: AirflowDestination, call: Callable[[], object]) -> None:
    """Let something happen while the server describes a DAG."""
    real = destination.server.protocol

    def protocol(request: Request) -> Answer:
        if request.path.endswith("/details"):
            destination.server.protocol = real
            call()
        return real(request)

    destination.server.protocol = protocol


def test_a_dag_is_described_once_for_all_instances_of_a_publisher(
    destination: AirflowDestination,
) -> None:
    for publisher in (destination.make(), destination.make()):
        publisher.publish(make_message())

    assert destination.server.count("GET", "/details") == 1


def test_another_connection_has_a_cache_of_its_own(
    destination: AirflowDestination,
) -> None:
    first, second = destination.make(), destination.make(headers={"X-Team": "b"})
    for publisher in (first, second):
        publisher.publish(make_message())

    assert destination.server.count("GET", "/details") == 2


def test_others_use_what_is_known_while_one_asks_again(
    destination: AirflowDestination, cache: DetailsCache, clock: Clock
) -> None:
    client = destination.client()
    cache.get(client, "reports")
    clock.now = MAX_AGE + 1
    other = destination.client()
    found = []
    during_details(destination, lambda: found.append(cache.get(other, "reports")))
    cache.get(client, "reports")

    assert found[0] is not None
    assert destination.server.count("GET", "/details") == 2


def test_one_who_has_to_be_sure_asks_at_the_same_time(
    destination: AirflowDestination, cache: DetailsCache, clock: Clock
) -> None:
    client = destination.client()
    cache.get(client, "reports")
    clock.now = MAX_AGE + 1
    other, counts = destination.client(), []

    def confirm() -> None:
        before = destination.server.count("GET", "/details")
        cache.get(other, "reports", max_age=CONFIRMED_AGE)
        counts.append(destination.server.count("GET", "/details") - before)

    during_details(destination, confirm)
    cache.get(client, "reports")

    assert counts == [1]


def test_it_is_asked_again_after_a_response_that_did_not_come(
    destination: AirflowDestination, cache: DetailsCache, clock: Clock
) -> None:
    client = destination.client()
    cache.get(client, "reports")
    clock.now = MAX_AGE + 1
    destination.server.script(Fault.CUT, at="/details")
    error = failure_of(lambda: cache.get(client, "reports"))
    clock.now += MAX_AGE
    cache.get(client, "reports")

    assert type(error) is PublisherUnavailable
    assert destination.server.count("GET", "/details") == 3


def test_a_dag_that_was_missing_is_asked_for_again_soon(
    destination: AirflowDestination, cache: DetailsCache, clock: Clock
) -> None:
    client = destination.client()
    destination.missing_dags.add("reports")
    error = failure_of(lambda: cache.get(client, "reports"))
    destination.missing_dags.clear()
    clock.now = CONFIRMED_AGE + 1

    assert type(error) is DestinationNotFound
    assert cache.get(client, "reports") is not None
