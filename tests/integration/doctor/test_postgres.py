"""The checks of PostgreSQL."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, cast

import psycopg
import pytest
from django.db import connection

from dj_actions.doctor import State, postgres
from dj_actions.doctor.postgres_statistics import (
    count_hidden_sessions,
    free_connections,
    table_health,
)
from dj_actions.models import RelayHeartbeat
from tests.conftest import InThread
from tests.integration.doctor.conftest import See, only

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TABLE = RelayHeartbeat._meta.db_table


@contextmanager
def second_session(isolation: psycopg.IsolationLevel) -> Iterator[psycopg.Connection[Any]]:
    """Open another connection to the same database."""
    parameters = cast("Any", connection).get_connection_params()
    with closing(psycopg.connect(**parameters, application_name="second")) as session:
        session.isolation_level = isolation
        yield session


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_session_that_holds_a_snapshot_is_named_until_it_ends() -> None:
    with second_session(psycopg.IsolationLevel.REPEATABLE_READ) as session:
        session.execute("SELECT 1")
        finding = only(postgres.check_snapshots("default", 0))
        pid = session.info.backend_pid

        assert finding.state is State.WARNING
        assert f"The session {pid} (" in finding.message
        assert "second, idle in transaction) holds a snapshot that is 0" in finding.message
        assert f"SELECT pg_terminate_backend({pid})" in finding.fix

        session.rollback()
        assert only(postgres.check_snapshots("default", 0)).state is State.OK


def test_a_transaction_that_has_written_is_named_too() -> None:
    with second_session(psycopg.IsolationLevel.READ_COMMITTED) as session:
        session.execute("SELECT pg_current_xact_id()")

        assert only(postgres.check_snapshots("default", 0)).state is State.WARNING


def test_an_open_transaction_that_holds_nothing_is_fine() -> None:
    with second_session(psycopg.IsolationLevel.READ_COMMITTED) as session:
        session.execute("SELECT 1")

        assert only(postgres.check_snapshots("default", 0)).state is State.OK


def test_a_young_snapshot_is_fine() -> None:
    with second_session(psycopg.IsolationLevel.REPEATABLE_READ) as session:
        session.execute("SELECT 1")
        finding = only(postgres.check_snapshots("default", 300))

    assert finding.state is State.OK
    assert finding.message == "No snapshot older than 5 min."


def test_sessions_that_are_hidden_are_counted() -> None:
    with second_session(psycopg.IsolationLevel.READ_COMMITTED):
        assert count_hidden_sessions(using="default") == 0
        execute("SET ROLE pg_signal_backend")  # a role that every server has, and that sees little
        try:
            finding = only(postgres.check_snapshots("default", 300))
        finally:
            execute("RESET ROLE")

    assert "Not visible: " in finding.message
    assert "GRANT pg_read_all_stats" in finding.message


def test_too_few_free_connections_are_reported() -> None:
    assert only(postgres.check_connections("default", needed=5)).state is State.OK
    finding = only(postgres.check_connections("default", needed=10**6))
    assert finding.state is State.WARNING
    assert finding.message.startswith("A relay takes 1000000 connections; ")


@pytest.mark.parametrize("limited", ["ROLE CURRENT_USER", "DATABASE"])
def test_the_connection_limits_of_the_role_and_the_database_count(limited: str) -> None:
    thing = limited if limited.startswith("ROLE") else f"DATABASE {database_name()}"
    execute(f"ALTER {thing} CONNECTION LIMIT 1000")
    try:
        assert 0 < free_connections(using="default") < 1000
        execute(f"ALTER {thing} CONNECTION LIMIT 1")
        assert free_connections(using="default") == 0
    finally:
        execute(f"ALTER {thing} CONNECTION LIMIT -1")


def database_name() -> str:
    return connection.ops.quote_name(str(connection.settings_dict["NAME"]))


def test_a_table_that_autovacuum_leaves_out_is_named() -> None:
    execute(f"ALTER TABLE {TABLE} SET (autovacuum_enabled = off)")
    try:
        finding = only(postgres.check_vacuum("default", dead_rows=10**9))
    finally:
        execute(f"ALTER TABLE {TABLE} RESET (autovacuum_enabled)")

    assert (finding.state, finding.message) == (State.WARNING, f"Autovacuum is off for {TABLE}.")
    assert only(postgres.check_vacuum("default", dead_rows=10**9)).state is State.OK


def test_dead_rows_are_counted_and_reported(see: See, in_thread: InThread[None]) -> None:
    def leave_dead_rows() -> None:  # on a connection whose end reports its counts
        execute(f"TRUNCATE {TABLE}")  # other tests have left some, too
        for _ in range(40):  # autovacuum would come for 50
            see()
        RelayHeartbeat.objects.all().delete()

    in_thread(leave_dead_rows)
    until(lambda: dead_rows() >= 40)
    messages = " ".join(found.message for found in postgres.check_vacuum("default", dead_rows=39))

    # More than 40 if another connection has reported only now what an earlier test deleted.
    reported = re.search(rf"{TABLE}: (\d+) dead rows, \d+ live rows, ", messages)
    assert reported
    assert int(reported[1]) >= 40
    assert only(postgres.check_vacuum("default", dead_rows=10**9)).state is State.OK


def dead_rows() -> int:
    (table,) = table_health([TABLE], using="default")
    return table.dead_rows


def until(condition: Any) -> None:
    """Wait for a condition; the limit is there for a test that would hang."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit, "It did not come true."
        time.sleep(0.05)


def test_a_notification_that_arrives_is_fine() -> None:
    assert only(postgres.check_listening("default", timeout=30)).state is State.OK


def test_a_notification_that_was_never_sent_is_missed() -> None:
    finding = only(postgres.check_listening("default", timeout=0.1, send=lambda channel: None))

    assert finding.state is State.WARNING
    assert "did not arrive within 0.1 s" in finding.message


def test_a_notification_on_another_channel_does_not_count() -> None:
    def send(channel: str) -> None:
        execute(f"NOTIFY {channel}_other")

    finding = only(postgres.check_listening("default", timeout=0.1, send=send))
    assert finding.state is State.WARNING


def test_a_notification_in_another_database_does_not_count() -> None:
    parameters = cast("Any", connection).get_connection_params() | {"dbname": "postgres"}

    def send(channel: str) -> None:
        with closing(psycopg.connect(**parameters, autocommit=True)) as elsewhere:
            elsewhere.execute("SELECT pg_notify(%s, '')", [channel])

    finding = only(postgres.check_listening("default", timeout=0.1, send=send))
    assert finding.state is State.WARNING


def test_the_probe_leaves_no_connection_behind() -> None:
    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE '%LISTEN %'"
            )
            return int(cursor.fetchone()[0])

    list(postgres.check_listening("default", timeout=30))

    until(lambda: count() <= 1)  # our own session
