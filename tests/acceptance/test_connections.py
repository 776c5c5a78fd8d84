"""The database connections of a relay: a thread that is vital never waits for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.models import ActionEvent, Delivery, RelayHeartbeat
from dj_actions.relay.process.capacity import connections_of_relay
from dj_actions.states import DeliveryState
from example.launch.process import Process
from tests.acceptance.conftest import Start, database_url, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PUBLISHERS = ("test", "more0", "more1", "more2", "more3")


@pytest.fixture
def start(start: Start) -> Start:
    """Start relays that serve five test publishers."""
    others = [f"--publisher={alias}" for alias in PUBLISHERS[1:]]
    defaults = {"TEST_MORE_PUBLISHERS": str(len(others)), "RELAY_LEASE": "3"}

    def run(publisher: str, **variables: str) -> Process:
        return start(publisher, *others, **(defaults | variables))

    return run


def queue(*aliases: str) -> None:
    for number, alias in enumerate(aliases):
        event = ActionEvent.objects.create(
            resource="todo", action="mark_done", object_id=str(number)
        )
        Delivery.objects.create(event=event, publisher=alias)


def sent(outbox: Path) -> list[str]:
    return outbox.read_text().splitlines() if outbox.exists() else []


def delivered() -> int:
    return Delivery.objects.filter(state=DeliveryState.DELIVERED).count()


def leases_are_renewed_twice() -> Callable[[], bool]:
    """Return whether each busy lane has renewed its lease two times since this was called."""
    seen: dict[int, set[object]] = {}

    def look() -> bool:
        for pk, expiry in Delivery.objects.values_list("pk", "lease_expires_at"):
            seen.setdefault(pk, set()).update([expiry] if expiry else [])
        return all(len(times) > 2 for times in seen.values())

    return look


def sessions() -> int:
    """Count the other sessions in the database of the test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        (count,) = cursor.fetchone()
        return int(count)


@contextmanager
def role_with(limit: int) -> Iterator[str]:
    """Create a role with a CONNECTION LIMIT; yield the URL of the database with its name."""
    name, password = "narrow", "narrow"
    grants = f"""
        CREATE ROLE {name} LOGIN PASSWORD '{password}' CONNECTION LIMIT {limit};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name};
    """
    with connection.cursor() as cursor:
        cursor.execute(grants)
    parts = urlsplit(database_url())
    host = f"{name}:{password}@{parts.hostname}:{parts.port}"
    try:
        yield urlunsplit(parts._replace(netloc=host))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.fixture(params=["no pool", "pool of 4", "limit of 6"])
def few_connections(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, str], int]]:
    """Yield variables of a relay, and how many of the five publishers it serves at least."""
    if request.param == "limit of 6":
        with role_with(limit=6) as url:
            # The main thread, the leases and the heartbeat come first; two lanes serve one.
            yield {"DATABASE_URL": url}, 2
    else:
        yield {"TEST_POOL": "1"} if request.param == "pool of 4" else {}, len(PUBLISHERS)


def test_busy_publishers_keep_their_leases_and_the_relay_its_heartbeat(
    start: Start, outbox: Path, few_connections: tuple[dict[str, str], int]
) -> None:
    variables, served = few_connections
    queue(*PUBLISHERS)
    first = start("GatedPublisher", **variables)
    wait_for(lambda: len(sent(outbox)) >= served, "The publishers")
    wait_for(RelayHeartbeat.objects.exists, "The heartbeat")
    start("GatedPublisher")  # would take over what is not renewed
    wait_for(lambda: len(sent(outbox)) == len(PUBLISHERS), "All publishers")
    wait_for(lambda: RelayHeartbeat.objects.count() == 2, "The other relay")
    wait_for(leases_are_renewed_twice(), "The leases")
    outbox.with_suffix(".open").touch()
    wait_for(lambda: delivered() == len(PUBLISHERS), "All deliveries")
    assert len(sent(outbox)) == len(PUBLISHERS)
    first.stop()


@pytest.mark.parametrize("variables", [{}, {"TEST_POOL": "1"}], ids=["no pool", "pool of 4"])
def test_a_relay_takes_as_many_connections_as_the_doctor_says(
    start: Start, outbox: Path, settings: Settings, variables: dict[str, str]
) -> None:
    entry = {"BACKEND": "tests.acceptance.publishers.GatedPublisher"}
    wide = {alias: {**entry, "CONCURRENCY": 2} for alias in PUBLISHERS[1:]}
    settings.DJ_ACTIONS = {"PUBLISHERS": {PUBLISHERS[0]: entry, **wide}}
    expected = connections_of_relay(get_settings())
    before = sessions()
    start("CountingPublisher", **variables)
    queue(*PUBLISHERS)
    wait_for(lambda: delivered() == len(PUBLISHERS), "All deliveries")
    wait_for(lambda: sessions() - before == expected, f"{expected} sessions")
