"""A claim of a publisher that keeps an order: what it takes, and how much of the queue it reads."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dj_actions.models import Delivery
from dj_actions.outbox.claimed import CLAIM_PARTS, Claim, Scan
from dj_actions.outbox.queries import postgres_order
from dj_actions.policies import OnPoison
from dj_actions.states import DeliveryState
from tests.conftest import InThread
from tests.fixtures.query_plans import PlanNode, explain, rows_read, scans_of
from tests.fixtures.relay import Queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted_publishers")]

HOUR = timedelta(hours=1)
SCOPE = "todos.todo"
BACKLOG, KEYS, LIMIT = 5_000, 500, 50

LOAD = """
    WITH events AS (
        INSERT INTO dj_actions_actionevent
            (id, resource, action, object_ids, actor_label, request_data, response_data,
             duration_ms)
        SELECT gen_random_uuid(), 'todo', 'mark_done', '[]', '', '{}', '{}', 1
        FROM generate_series(1, %(count)s)
        RETURNING id
    )
    INSERT INTO dj_actions_delivery
        (event_id, publisher, available_at, ordering_scope, ordering_key)
    SELECT id, 'first', now() - interval '1 minute', 'todos.todo',
        (row_number() OVER () %% %(keys)s)::text
    FROM events
"""


def scan(limit: int = 10, on_poison: OnPoison = OnPoison.PARK, **claim: Any) -> Scan:
    return Delivery.objects.scan(
        Claim(publisher="first", limit=limit, lease=60, on_poison=on_poison, **claim)
    )


def claimed(limit: int = 10, **claim: Any) -> list[int]:
    return [delivery.pk for delivery in scan(limit, **claim).deliveries]


def put(queue: Queue, key: str, *, due: timedelta = HOUR, **columns: Any) -> int:
    """Queue a delivery that is due since `due`; return its key."""
    (delivery,) = queue(
        ordering_scope=SCOPE, ordering_key=key, available_at=timezone.now() - due, **columns
    )
    return delivery.pk


def test_a_line_is_claimed_in_the_order_of_commits_not_of_due_times(queue: Queue) -> None:
    """A transaction that waits for another one commits later, but began, and is due, before."""
    first, second = put(queue, "1", due=HOUR), put(queue, "1", due=2 * HOUR)
    assert claimed(limit=1) == [first]
    Delivery.objects.filter(pk=first).delete()
    assert claimed(limit=1) == [second]


def test_blocked_lines_at_the_head_of_the_queue_are_stepped_over(queue: Queue) -> None:
    for number in range(12):
        put(queue, f"blocked {number}", due=-HOUR, attempts=1)
        put(queue, f"blocked {number}", due=2 * HOUR)
    free = [put(queue, f"free {number}") for number in range(3)]
    assert claimed(limit=2) == free[:2]
    assert claimed(limit=2) == free[2:]
    assert claimed(limit=2) == []


@pytest.mark.postgres
def test_a_claim_continues_behind_the_last_delivery_that_was_looked_at(queue: Queue) -> None:
    put(queue, "1", due=-HOUR, attempts=1)
    blocked = put(queue, "1", due=3 * HOUR)
    free = put(queue, "2", due=2 * HOUR)
    found = scan(limit=2)
    assert [delivery.pk for delivery in found.deliveries] == [free]
    assert found.end is not None
    assert found.end[1] == free

    Delivery.objects.filter(pk__lt=blocked).delete()
    late = put(queue, "3", due=HOUR)
    assert claimed(after=found.end) == [late]
    assert claimed() == [blocked]


def test_deliveries_without_an_ordering_key_wait_for_none(queue: Queue) -> None:
    put(queue, "1", due=-HOUR, attempts=1)
    put(queue, "1")
    (free,) = queue(available_at=timezone.now() - HOUR)
    assert claimed() == [free.pk]


@pytest.mark.parametrize(
    ("on_poison", "is_claimed"),
    [
        (OnPoison.PARK, [False, True]),
        (OnPoison.BLOCK, [False, False]),
        (OnPoison.SKIP, [True, True]),
        (OnPoison.SUPERSEDE, [True, True]),
    ],
)
def test_a_dead_letter_stops_what_its_policy_says(
    queue: Queue, on_poison: OnPoison, is_claimed: list[bool]
) -> None:
    put(queue, "1", state=DeliveryState.DEAD, settled_at=timezone.now())
    later = [put(queue, "1"), put(queue, "2")]
    assert [pk in claimed(limit=1, on_poison=on_poison) or _sent(pk) for pk in later] == is_claimed


@pytest.mark.postgres
def test_each_key_belongs_to_one_part(queue: Queue) -> None:
    keys = {put(queue, str(number)) for number in range(20)}
    taken = [set(claimed(20, part=part)) for part in range(CLAIM_PARTS)]
    assert set.union(*taken) == keys
    assert sum(map(len, taken)) == len(keys)
    assert all(taken)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("part", "is_busy"), [(None, True), (1, True), (2, False)])
def test_one_relay_at_a_time_claims_from_a_part(
    part: int | None, is_busy: bool, in_thread: InThread[Scan]
) -> None:
    with transaction.atomic():
        assert not scan(part=1).is_busy  # its lock is held until the transaction ends
        assert in_thread(partial(scan, part=part)).is_busy is is_busy
    assert not scan(part=part).is_busy


def _sent(pk: int) -> bool:
    return Delivery.objects.get(pk=pk).state == DeliveryState.SENDING


@pytest.mark.postgres
@pytest.mark.parametrize("part", [None, 0])
@pytest.mark.parametrize("on_poison", OnPoison)
def test_a_claim_reads_as_much_as_it_takes_whatever_the_backlog(
    queue: Queue, on_poison: OnPoison, part: int | None
) -> None:
    put(queue, "waiting", due=-HOUR, attempts=1)
    put(queue, "waiting")
    with connection.cursor() as cursor:
        cursor.execute(LOAD, {"count": BACKLOG, "keys": KEYS})
    put(queue, "dead", state=DeliveryState.DEAD, settled_at=timezone.now())
    put(queue, "", due=timedelta())  # a bulk action
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE dj_actions_delivery, dj_actions_actionevent")

    assert _rows_of_deliveries_read(_plan(on_poison, part)) <= 10 * LIMIT


@pytest.mark.postgres
@pytest.mark.parametrize("on_poison", OnPoison)
def test_so_does_the_claim_of_a_bulk_action_at_the_head_of_the_queue(
    queue: Queue, on_poison: OnPoison
) -> None:
    bulk = put(queue, "", due=2 * HOUR)
    with connection.cursor() as cursor:
        cursor.execute(LOAD, {"count": BACKLOG, "keys": KEYS})
        cursor.execute("ANALYZE dj_actions_delivery, dj_actions_actionevent")

    assert _rows_of_deliveries_read(_plan(on_poison)) <= 10 * LIMIT
    assert claimed(LIMIT, on_poison=on_poison) == [bulk]


def _rows_of_deliveries_read(plan: PlanNode) -> float:
    scans = scans_of(plan, "dj_actions_delivery")
    assert scans
    return rows_read(scans)


def _plan(on_poison: OnPoison, part: int | None = None) -> PlanNode:
    claim = Claim(publisher="first", limit=LIMIT, lease=60, part=part, on_poison=on_poison)
    statement = postgres_order._claim_statement(
        Delivery, from_start=True, is_part=part is not None, on_poison=on_poison
    )
    with transaction.atomic():
        root = explain(statement, postgres_order._parameters(claim, LIMIT, None))
        transaction.set_rollback(True)  # EXPLAIN ANALYZE has claimed them
    return root
