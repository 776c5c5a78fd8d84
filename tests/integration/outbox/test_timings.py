"""How long deliveries took: percentiles over recent ones, by one query of an index."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from dj_actions.messages import Receipt
from dj_actions.models import Delivery
from dj_actions.outbox.queries.timings import SPREAD_STATEMENT, spread_parameters
from dj_actions.outbox.timings import HOUR, WINDOWS, Percentiles, SentRow, Timings
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import MakeSent
from tests.fixtures.query_plans import PlanNode, explain, rows_read, scans_of
from tests.fixtures.relay import Queue, delivered

pytestmark = pytest.mark.django_db

SENT_ROWS = """
    WITH events AS (
        INSERT INTO dj_actions_actionevent
            (id, resource, action, object_ids, actor_label, request_data, response_data,
             duration_ms)
        SELECT gen_random_uuid(), 'todo', 'mark_done', '[]', '', '{}', '{}', 1
        FROM generate_series(1, %(count)s)
        RETURNING id
    )
    INSERT INTO dj_actions_delivery
        (event_id, publisher, state, attempts, queued_at, first_sent_at, sent_at, settled_at,
         sending_seconds, sample_weight, receipt_id)
    SELECT id, %(publisher)s, 'delivered', 1, settled_at - interval '2 s', settled_at, settled_at,
        settled_at, number / 1000.0, 1, '1'
    FROM (
        SELECT id, row_number() OVER () AS number, now() - make_interval(
            secs => %(seconds)s * row_number() OVER () / %(count)s
        ) AS settled_at FROM events
    ) AS numbered
"""
"""Creates deliveries that were settled evenly over some seconds, the newest ones first."""


def timings(seconds: float = HOUR) -> Timings:
    return Delivery.objects.timings("memory", seconds=seconds)


def test_the_times_of_a_delivery_are_distinguished(make_sent: MakeSent) -> None:
    delivery = make_sent(waited=2, took=0.5)
    Delivery.objects.filter(pk=delivery.pk).update(
        remote_state="succeeded",
        remote_ended_at=(delivery.settled_at or delivery.queued_at) + timedelta(seconds=7),
    )
    found = timings()

    assert (found.deliveries, found.is_sample) == (1, False)
    assert found.waiting == Percentiles(p50=2, p95=2, p99=2)
    assert found.sending == Percentiles(p50=0.5, p95=0.5, p99=0.5)
    assert found.running == Percentiles(p50=7, p95=7, p99=7)


def test_only_deliveries_of_the_publisher_and_the_period_are_read(
    make_sent: MakeSent, make_delivery: MakeDelivery
) -> None:
    make_sent(ago=60)
    make_sent(ago=7200)
    make_sent(ago=2 * 86_400)
    make_sent(publisher="other")
    make_delivery(state="delivered", settled_at=Now())  # of an earlier release
    make_delivery()

    assert [timings(seconds).deliveries for seconds in WINDOWS.values()] == [1, 2]


def test_without_deliveries_there_are_no_percentiles() -> None:
    found = timings()

    assert (found.deliveries, found.is_sample) == (0, False)
    assert (found.waiting, found.sending, found.running) == (None, None, None)


def test_the_timings_are_read_by_one_query(make_sent: MakeSent) -> None:
    make_sent()
    with CaptureQueriesContext(connection) as captured:
        timings()

    assert len(captured) == 1


def test_a_delivery_waits_until_its_first_attempt_even_if_that_fails(make_sent: MakeSent) -> None:
    delivery = make_sent(took=1)
    queued_at = delivery.queued_at - timedelta(seconds=100)
    first = queued_at + timedelta(seconds=3)
    Delivery.objects.filter(pk=delivery.pk).update(queued_at=queued_at, first_sent_at=first)
    found = timings()

    assert found.waiting
    assert found.sending
    assert (found.waiting.p50, found.sending.p50) == (3, 1)


# Settled together


def settle(queue: Queue, count: int, receipt: Receipt) -> None:
    queue(count, publisher="memory")
    claimed = Delivery.objects.claim("memory", limit=count, lease=60)
    arrived = [delivered(one, receipt) for one in claimed]
    assert len(Delivery.objects.mark_delivered(claimed[0].lease_token, arrived)) == count


def weights() -> list[int]:
    return [weight for (weight,) in Delivery.objects.values_list("sample_weight") if weight]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (40, [1] * 40), (51, [2] * 26), (200, [4] * 50)]
)
def test_a_part_of_what_is_settled_together_represents_all(
    queue: Queue, count: int, expected: list[int]
) -> None:
    settle(queue, count, Receipt(id="1"))

    assert weights() == expected
    assert (timings().deliveries, timings().is_sample) == (len(expected), expected[0] > 1)


@pytest.mark.postgres
def test_each_remote_run_counts_however_many_are_settled_together(queue: Queue) -> None:
    settle(queue, 60, Receipt(id="1", tracked=True))

    assert weights() == [1] * 60


def test_a_delivery_that_is_replayed_is_no_longer_read(make_sent: MakeSent) -> None:
    make_sent()
    Delivery.objects.all().replay_delivered()

    assert weights() == []
    assert timings().deliveries == 0


# Many rows


def load(count: int, *, publisher: str = "memory", seconds: float = HOUR) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SENT_ROWS, {"count": count, "publisher": publisher, "seconds": seconds})
        cursor.execute("ANALYZE dj_actions_delivery")


@pytest.mark.postgres
def test_a_sample_covers_the_whole_period() -> None:
    load(4000)
    found = timings()

    assert (found.deliveries, found.is_sample) == (1000, True)
    assert found.sending
    assert found.sending.p50 == pytest.approx(2, abs=0.2)  # seconds: number 2000 of 4000
    assert found.sending.p99 > 3.7


@pytest.mark.postgres
@pytest.mark.parametrize("seconds", WINDOWS.values())
@pytest.mark.parametrize("publisher", ["memory", "other", "idle"])
def test_no_more_rows_are_read_than_the_sample_has_whatever_the_table(
    publisher: str, seconds: float
) -> None:
    load(5000)
    load(20_000, publisher="other", seconds=30 * 86_400)
    scans = scans_of(_plan(publisher, seconds), "dj_actions_delivery")

    assert {node.get("Index Name") for node in scans} == {"dja_delivery_sampled"}
    assert rows_read(scans) <= 1000


def _plan(publisher: str, seconds: float) -> PlanNode:
    statement = SPREAD_STATEMENT.format(
        columns=", ".join(SentRow._fields), delivery=Delivery._meta.db_table
    )
    return explain(statement, spread_parameters([publisher], seconds))
