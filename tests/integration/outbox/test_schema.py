"""Migrations and indexes of the outbox."""

from __future__ import annotations

import importlib
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection, models

from dj_actions.identifiers import uuid7
from dj_actions.models import Delivery
from dj_actions.states import DeliveryState, RemoteState
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import NOW

pytestmark = pytest.mark.django_db


def test_migrations_match_the_models() -> None:
    output = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=output)

    assert output.getvalue() == "No changes detected\n"


def test_migrations_import_only_code_that_does_not_move() -> None:
    module = importlib.import_module("dj_actions.migrations.0001_initial")
    fields = module.Migration.operations[0].fields

    assert dict(fields)["id"].default is uuid7


@pytest.mark.postgres
def test_postgresql_adds_the_options_without_a_rewrite_and_takes_them_away() -> None:
    def sql_of(**direction: Any) -> list[str]:
        output = StringIO()
        call_command("sqlmigrate", "dj_actions", "0002", stdout=output, no_color=True, **direction)
        lines = output.getvalue().splitlines()
        return [line for line in lines if line.startswith("ALTER")]

    table = 'ALTER TABLE "dj_actions_delivery"'
    assert sql_of() == [f'{table} ADD COLUMN "options" jsonb NULL;']
    assert sql_of(backwards=True) == [f'{table} DROP COLUMN "options" CASCADE;']


@pytest.mark.django_db(transaction=True)
def test_rows_are_kept_when_the_options_are_added_and_taken_away(
    make_delivery: MakeDelivery,
) -> None:
    recorded = make_delivery(options={"room": "a"})
    make_delivery()
    try:
        call_command("migrate", "dj_actions", "0001", verbosity=0, skip_checks=False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM dj_actions_delivery")
            assert cursor.fetchone() == (2,)
        # As from the command line: the checks read the database before the column is there.
        call_command("migrate", "dj_actions", verbosity=0, skip_checks=False)
    finally:
        call_command("migrate", "dj_actions", verbosity=0)
    recorded.refresh_from_db()

    assert recorded.publisher == "memory"
    assert set(Delivery.objects.values_list("options", flat=True)) == {None}


@pytest.mark.postgres
def test_postgresql_adds_the_chain_of_events_without_reading_the_rows() -> None:
    output = StringIO()
    call_command("sqlmigrate", "dj_actions", "0006", stdout=output, no_color=True)
    added = [line for line in output.getvalue().splitlines() if "dj_actions_actionevent" in line]

    table = 'ALTER TABLE "dj_actions_actionevent" ADD COLUMN'
    assert added == [
        f'{table} "depth" smallint DEFAULT 0 NOT NULL;',
        f'{table} "root" uuid NULL;',
        (
            'CREATE INDEX "dja_event_by_root" ON "dj_actions_actionevent" ("root") '
            'WHERE "root" IS NOT NULL;'
        ),
    ]


@pytest.mark.django_db(transaction=True)
def test_events_are_kept_when_the_chain_is_added_and_taken_away(make_event: MakeEvent) -> None:
    event = make_event(root=uuid4(), depth=3)
    try:
        call_command("migrate", "dj_actions", "0003", verbosity=0, skip_checks=False)
        call_command("migrate", "dj_actions", verbosity=0, skip_checks=False)
    finally:
        call_command("migrate", "dj_actions", verbosity=0)
    event.refresh_from_db()

    assert (event.root, event.depth) == (None, 0)


def index_definitions() -> dict[str, str]:
    """Return the SQL of each index on the table of deliveries."""
    queries = {
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s",
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s",
    }
    with connection.cursor() as cursor:
        cursor.execute(queries[connection.vendor], [Delivery._meta.db_table])
        return {name: statement or "" for name, statement in cursor.fetchall()}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("dja_delivery_due", "'pending'"),
        ("dja_delivery_leased", "'sending'"),
        ("dja_delivery_dead", "'dead'"),
        ("dja_delivery_tracked", "remote_check_at IS NOT NULL"),
    ],
)
def test_an_index_holds_only_the_rows_it_is_for(name: str, part: str) -> None:
    _, _, condition = index_definitions()[name].partition(" WHERE ")

    assert part in condition.replace('"', "")  # SQLite returns it with quotes


def plan_of(query: models.QuerySet[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # of few rows, it costs nothing
    return query.explain(format="text")


@pytest.mark.postgres
def test_the_claim_reads_its_index_in_order() -> None:
    query = Delivery.objects.due("memory").select_for_update(of=("self",), skip_locked=True)[:50]
    plan = plan_of(query)

    assert "Index Scan using dja_delivery_due" in plan
    assert "Sort" not in plan


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("index", "query"),
    [
        (
            "dja_delivery_leased",
            lambda: Delivery.objects.filter(
                publisher="memory", state=DeliveryState.SENDING, lease_expires_at__lt=NOW
            ).order_by("lease_expires_at"),
        ),
        (
            "dja_delivery_tracked",
            lambda: Delivery.objects.filter(
                publisher="memory", remote_state=RemoteState.RUNNING, remote_check_at__lte=NOW
            ).order_by("remote_check_at"),
        ),
        (
            "dja_delivery_dead",
            lambda: Delivery.objects.filter(publisher="memory", state=DeliveryState.DEAD).order_by(
                "-settled_at"
            ),
        ),
    ],
)
def test_a_query_of_the_relay_reads_its_index(index: str, query: Any) -> None:
    plan = plan_of(query())

    assert f"using {index}" in plan
    assert "Sort" not in plan
