"""The models: impossible rows are rejected, and queries use their indexes."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from dj_actions.identifiers import uuid7
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import NewDelivery, insert_event
from dj_actions.states import SETTLED_STATES, DeliveryState, RemoteState
from dj_actions.testing import assert_recorded
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import MakeDelivery, MakeEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HELD = {"lease_token": uuid4(), "lease_expires_at": NOW, "attempts": 1}

POSSIBLE: dict[str, dict[str, Any]] = {
    "pending": {},
    "tried before": {"attempts": 3, "errors": [{"kind": "unavailable"}]},
    "sending": {"state": "sending", **HELD},
    "delivered": {"state": "delivered", "settled_at": NOW, "receipt_id": "1"},
    "delivered, no receipt": {"state": "delivered", "settled_at": NOW},
    "dead": {"state": "dead", "settled_at": NOW},
    "cancelled": {"state": "cancelled", "settled_at": NOW},
    "running": {
        "state": "delivered", "settled_at": NOW, "receipt_id": "1",
        "remote_state": "running", "remote_check_at": NOW,
    },
    "succeeded": {
        "state": "delivered", "settled_at": NOW, "receipt_id": "1",
        "remote_state": "succeeded", "remote_ended_at": NOW,
    },
    "succeeded, checked again": {
        "state": "delivered", "settled_at": NOW, "receipt_id": "1",
        "remote_state": "succeeded", "remote_ended_at": NOW, "remote_check_at": NOW,
        "remote_changed_at": NOW, "remote_report": {"duration": 3},
        "remote_history": [{"state": "succeeded", "detail": "", "at": "2026-01-02T03:04:05+00:00"}],
    },
}  # fmt: skip
RUNNING, ENDED = POSSIBLE["running"], POSSIBLE["succeeded"]

IMPOSSIBLE: dict[str, list[dict[str, Any]]] = {
    "dja_remote_state_is_whole": [
        {**ENDED, "remote_state": ""},
        {**ENDED, "remote_state": "queued"},
        {**RUNNING, "remote_check_at": None},
        {"remote_check_at": NOW},
        {**ENDED, "remote_ended_at": None},
        {**ENDED, "remote_state": "failed", "remote_ended_at": None},
        {**ENDED, "remote_state": "lost", "remote_ended_at": None},
        {**RUNNING, "remote_ended_at": NOW},
        {"remote_ended_at": NOW},
        {"remote_changed_at": NOW},
        {"remote_report": {"hint": "x"}},
        {"remote_history": [{"state": "failed"}]},
    ],
    "dja_delivery_state_is_whole": [
        {"state": ""},
        {"state": "PENDING"},
        {"state": "sent"},
        {"state": "sending"},
        {"state": "sending", **HELD, "lease_token": None},
        {"state": "sending", **HELD, "lease_expires_at": None},
        {"state": "sending", **HELD, "attempts": 0},
        {**HELD},
        {"lease_token": uuid4()},
        {"lease_expires_at": NOW},
        {"state": "dead", "settled_at": NOW, **HELD},
        {"state": "delivered"},
        {"state": "dead"},
        {"state": "cancelled"},
        {"settled_at": NOW},
        {"state": "sending", **HELD, "settled_at": NOW},
    ],
    "dja_receipt_only_when_delivered": [
        {"receipt_id": "1"},
        {"state": "dead", "settled_at": NOW, "receipt_id": "1"},
        {"remote_state": "running", "remote_check_at": NOW},
        {"state": "cancelled", "settled_at": NOW, "remote_state": "lost", "remote_ended_at": NOW},
    ],
}


# Constraints


@pytest.mark.parametrize("name", POSSIBLE)
def test_a_possible_row_is_accepted(make_delivery: MakeDelivery, name: str) -> None:
    assert make_delivery(**POSSIBLE[name]).pk


@pytest.mark.parametrize(
    ("name", "row"), [(name, row) for name, rows in IMPOSSIBLE.items() for row in rows]
)
def test_an_impossible_row_is_rejected_by_the_database(
    make_delivery: MakeDelivery, make_event: MakeEvent, name: str, row: dict[str, Any]
) -> None:
    event = make_event()
    # An unknown remote state breaks two constraints: the database reports the first it checks.
    said = "dja_remote_" if name == "dja_remote_state_is_whole" else name
    with pytest.raises(IntegrityError, match=said), transaction.atomic():
        make_delivery(event=event, **row)

    assert not Delivery.objects.exists()


def test_each_check_constraint_is_tested() -> None:
    checks = [
        entry.name
        for entry in Delivery._meta.constraints
        if isinstance(entry, models.CheckConstraint)
    ]

    assert sorted(checks) == sorted(IMPOSSIBLE)


def test_an_event_goes_to_a_publisher_once(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_delivery(event=delivery.event)
    make_delivery(event=delivery.event, publisher="other")

    assert delivery.event.deliveries.count() == 2


def test_the_number_of_attempts_cannot_fall_below_zero(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()

    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(attempts=-1)


def test_states_of_the_models_are_those_of_the_machines() -> None:
    fields = Delivery._meta.get_field("state"), Delivery._meta.get_field("remote_state")
    choices = [[value for value, _ in field.choices or ()] for field in fields]

    assert choices == [list(DeliveryState), list(RemoteState)]


# Defaults


def test_times_come_from_the_database(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    delivery.refresh_from_db()
    event = delivery.event

    assert delivery.queued_at == delivery.available_at
    assert abs(timezone.now() - event.created_at) < timedelta(minutes=1)


def test_an_event_has_an_id_that_sorts_by_time(make_event: MakeEvent) -> None:
    made = [make_event() for _ in range(5)]

    assert list(ActionEvent.objects.all()) == made[::-1]


@pytest.mark.parametrize(
    ("object_id", "object_ids", "text"),
    [("7", ["7"], "todo.mark_done 7"), (None, ["7", "8"], "todo.mark_done 2")],
)
def test_an_event_says_what_it_is(
    make_event: MakeEvent, object_id: str | None, object_ids: list[str], text: str
) -> None:
    assert str(make_event(object_id=object_id, object_ids=object_ids)) == text


def test_a_delivery_says_what_it_is(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()

    assert str(delivery) == f"{delivery.event_id} → memory: pending"


def test_an_event_outlives_its_actor_and_its_object(ann: User, todo: Todo) -> None:
    pk = ann.pk
    MarkDone.run(actor=ann, object=todo)
    ann.delete()
    event = assert_recorded(MarkDone)

    assert not Todo.objects.exists()
    assert (event.actor_id, event.actor_label) == (str(pk), "ann")
    assert event.deliveries.count() == 1


def test_an_event_takes_its_deliveries_along(make_delivery: MakeDelivery) -> None:
    make_delivery().event.delete()

    assert not Delivery.objects.exists()


# Migrations and indexes


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


# Finding events


def labels(**wanted: str) -> list[str]:
    """Return the summaries of the events that match, sorted."""
    return sorted(event.summary for event in ActionEvent.objects.matching(**wanted))


@pytest.fixture
def events(make_event: MakeEvent, make_delivery: MakeDelivery) -> None:
    one = make_event(summary="one", actor_id="1", actor_label="ann")
    many = make_event(
        summary="many", action="bulk", object_id=None, object_ids=["7", "17"], actor_label="bob"
    )
    make_event(summary="other", resource="order", object_id="70", object_ids=["70"])
    make_delivery(event=one, publisher="feeds", **POSSIBLE["dead"])
    make_delivery(event=one, publisher="pipelines", **RUNNING)
    make_delivery(event=many, publisher="feeds")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["many", "one", "other"]),
        ({"resource": "todo"}, ["many", "one"]),
        ({"action": "bulk"}, ["many"]),
        ({"resource": "order", "action": "bulk"}, []),
        ({"object": "7"}, ["many", "one"]),
        ({"object": "17"}, ["many"]),
        ({"object": "70"}, ["other"]),
        ({"object": "1"}, []),
        ({"object": ""}, []),
        ({"actor": "1"}, ["one"]),
        ({"actor": "ann"}, ["one"]),
        ({"actor": "bob"}, ["many"]),
        ({"actor": "unknown"}, []),
        ({"publisher": "feeds"}, ["many", "one"]),
        ({"state": "dead"}, ["one"]),
        ({"remote_state": "running"}, ["one"]),
        ({"publisher": "feeds", "state": "dead"}, ["one"]),
        ({"publisher": "pipelines", "state": "dead"}, []),
        ({"publisher": "feeds", "remote_state": "running"}, []),
        ({"object": "7", "state": "pending"}, ["many"]),
    ],
)
def test_events_are_found(events: None, wanted: dict[str, str], found: list[str]) -> None:
    assert labels(**wanted) == found


@pytest.mark.parametrize(
    "hostile", ["%", "_", '"', "\\", '7"]', '["7"]', "a,b", "ü", "\U0001f600", "a'b", "A"]
)
def test_objects_of_a_bulk_event_are_found_by_their_whole_key(
    make_event: MakeEvent, hostile: str
) -> None:
    make_event(object_id=None, object_ids=["x", hostile], summary="it")
    make_event(object_id=None, object_ids=[f"{hostile}x", f"x{hostile}", hostile.swapcase() + "y"])

    assert labels(object=hostile) == ["it"]


def test_keys_of_a_bulk_event_differ_by_case(make_event: MakeEvent) -> None:
    make_event(object_id=None, object_ids=["abc"], summary="lower")
    make_event(object_id=None, object_ids=["ABC"], summary="upper")

    assert labels(object="abc") == ["lower"]


# Operating on deliveries


@pytest.fixture
def of_all_states(make_delivery: MakeDelivery) -> None:
    for name in ("pending", "sending", "delivered", "dead", "cancelled"):
        make_delivery(**POSSIBLE[name])


def states() -> list[str]:
    return [entry.state for entry in Delivery.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("operate", "after"),
    [
        (lambda rows: rows.cancel(), ["cancelled", "sending", "delivered", "dead", "cancelled"]),
        (lambda rows: rows.replay(), ["pending", "sending", "delivered", "pending", "cancelled"]),
        (lambda rows: rows.retry_now(), ["pending", "sending", "delivered", "dead", "cancelled"]),
    ],
    ids=["cancel", "replay", "retry"],
)
def test_only_what_is_in_the_right_state_changes(
    of_all_states: None, operate: Any, after: list[str]
) -> None:
    assert operate(Delivery.objects.all()) == 1
    assert states() == after


def test_a_replay_resets_attempts_and_age(make_delivery: MakeDelivery) -> None:
    old = timezone.now() - timedelta(days=30)
    delivery = make_delivery(**POSSIBLE["dead"], attempts=9, queued_at=old, available_at=old)
    Delivery.objects.replay()
    delivery.refresh_from_db()

    assert (delivery.state, delivery.attempts, delivery.settled_at) == ("pending", 0, None)
    assert delivery.queued_at == delivery.available_at > old


def test_a_retry_makes_a_pending_delivery_due(make_delivery: MakeDelivery) -> None:
    make_delivery(available_at=timezone.now() + timedelta(days=1))
    assert not Delivery.objects.due("memory").exists()
    Delivery.objects.retry_now()

    assert Delivery.objects.due("memory").exists()


def test_open_deliveries_are_those_that_are_not_settled(of_all_states: None) -> None:
    found = {entry.state for entry in Delivery.objects.open()}

    assert found == set(DeliveryState) - SETTLED_STATES


def test_records_can_hold_any_json(make_event: MakeEvent) -> None:
    value: Any = {"ü": [None, True, 1.5, 10**20, "\U0001f600 \\ \" '", {"": []}]}
    event = make_event(request_data=value, response_data=value, extra=value)
    event.refresh_from_db()

    assert event.request_data == event.response_data == event.extra == value
    assert json.dumps(event.extra) == json.dumps(value)


# Inserted in one statement


def columns_of(entry: Any) -> dict[str, Any]:
    """Return the columns of a row without its keys and times."""
    own = {"id", "event_id", "publisher", "created_at", "queued_at", "available_at"}
    return {
        field.attname: getattr(entry, field.attname)
        for field in entry._meta.concrete_fields
        if field.attname not in own
    }


def test_an_inserted_event_equals_one_saved_by_the_model(
    make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    filled = {
        "actor_id": "1",
        "actor_label": "ünï",
        "request_data": {"a": ["ü", None, 1.5]},
        "response_data": [1],
        "summary": "% %s 'quoted'",
        "recipients": ["user:1"],
        "extra": {"when": "x"},
        "parent_id": make_event().pk,
        "idempotency_key": "k",
        "fingerprint": "f" * 64,
    }
    expected = make_delivery(event=make_event(**filled), publisher="a")
    event = ActionEvent(
        resource="todo",
        action="other",
        object_id="7",
        object_ids=["7"],
        **filled,
    )
    new = [NewDelivery(publisher="a"), NewDelivery(publisher="b")]
    insert_event(event, new, Delivery, using="default")

    written = ActionEvent.objects.get(pk=event.pk)
    assert written.created_at == event.created_at
    assert columns_of(written) == columns_of(expected.event) | {"action": "other"}
    for delivery in event.deliveries.all():
        expected.refresh_from_db()
        assert columns_of(delivery) == columns_of(expected)
        assert delivery.queued_at is not None
    assert sorted(event.deliveries.values_list("publisher", flat=True)) == ["a", "b"]


def test_an_event_may_have_no_deliveries() -> None:
    event = ActionEvent(resource="todo", action="mark_done")
    insert_event(event, (), Delivery, using="default")

    assert (ActionEvent.objects.get(), Delivery.objects.count()) == (event, 0)
    event.summary = "changed"
    event.save()
    assert ActionEvent.objects.get().summary == "changed"
