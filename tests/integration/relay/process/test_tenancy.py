"""A relay works in the schema in which it was started: one schema per tenant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import accept, script
from tests.integration.relay.test_relay import delivered

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TABLES = ("actionevent", "delivery", "publisherstate", "relayheartbeat")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def tenant_schema() -> Iterator[None]:
    """Select a schema of its own, with tables of its own, on the connection of the test."""
    execute("CREATE SCHEMA tenant")
    for name in TABLES:
        execute(f"CREATE TABLE tenant.dj_actions_{name} (LIKE dj_actions_{name} INCLUDING ALL)")
    execute("SET search_path TO tenant")
    yield
    execute("RESET search_path")
    execute("DROP SCHEMA tenant CASCADE")


@pytest.mark.parametrize("mode", ["--drain", "--once"])
def test_each_thread_selects_the_search_path_of_the_one_that_starts_it(
    queue: Queue, tenant_schema: None, mode: str
) -> None:
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    queue(2)
    call_command("run_relay", mode)
    assert delivered() == 2
    assert len(script.questions) == 1, "and the tracker follows their runs"
    execute("RESET search_path")
    assert not Delivery.objects.exists()


def test_it_stays_selected_when_a_connection_is_lost(queue: Queue, tenant_schema: None) -> None:
    def lose_all_connections(message: Message) -> Receipt:
        execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        return accept(message)

    script.behave = lose_all_connections
    queue(2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    call_command("run_relay", "--drain")
    assert delivered() == 2


def test_afterwards_connections_are_as_before(queue: Queue, tenant_schema: None) -> None:
    call_command("run_relay", "--drain")
    connection.close()
    assert not Delivery.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ('"$user", public',)
