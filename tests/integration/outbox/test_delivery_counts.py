"""What relays count, for the pages of operators."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from tenacity import wait_fixed

from dj_actions.models import Delivery, DeliveryCount, RelayHeartbeat
from dj_actions.outbox.queries import PERIOD, PERIODS, Counts
from dj_actions.outbox.queries.delivery_counts import KEPT_PERIODS, period_of
from dj_actions.relay.process.delivery_counter import DeliveryCounter
from dj_actions.relay.process.heartbeat import Heartbeat
from dj_actions.relay.relay import Relay
from dj_actions.relay.tuning import RelayTuning
from example.launch.process import wait_until
from tests.conftest import MakeDelivery

NOW = datetime(2026, 1, 2, 3, 29, 59, tzinfo=UTC)


@pytest.mark.django_db
def test_counts_of_one_half_hour_are_added_up() -> None:
    for _ in range(2):
        DeliveryCount.objects.add({"a": Counts(delivered=5, failed=1), "b": Counts(delivered=2)})
    found = DeliveryCount.objects.recent(timezone.now())
    assert {name: (counts.delivered, counts.failed) for name, counts in found.items()} == {
        "a": (10, 2),
        "b": (4, 0),
    }


@pytest.mark.django_db
def test_only_24_hours_are_reported_in_their_order() -> None:
    first = period_of(NOW) - PERIODS + 1
    for period in (first - 1, first, period_of(NOW), period_of(NOW) + 1):
        DeliveryCount.objects.create(publisher="a", period=period, delivered=period)
    periods = DeliveryCount.objects.recent(NOW)["a"].periods
    assert len(periods) == PERIODS
    assert [counts.delivered for counts in (periods[0], periods[-1])] == [first, period_of(NOW)]
    assert sum(map(sum, periods)) == first + period_of(NOW)


@pytest.mark.django_db
def test_old_counts_are_deleted_when_a_half_hour_begins() -> None:
    now = period_of(timezone.now())
    for age in (KEPT_PERIODS - 2, KEPT_PERIODS + 2):
        DeliveryCount.objects.create(publisher="a", period=now - age)
    DeliveryCount.objects.add({"b": Counts(delivered=1)})
    kept = DeliveryCount.objects.filter(publisher="a").values_list("period", flat=True)
    assert list(kept) == [now - KEPT_PERIODS + 2]


def test_a_half_hour_begins_at_the_same_moment_everywhere() -> None:
    assert period_of(NOW) * PERIOD == datetime(2026, 1, 2, 3, tzinfo=UTC).timestamp()


@pytest.mark.django_db
def test_what_could_not_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DatabaseError("gone")

    counter = DeliveryCounter()
    counter.add("a", Counts(delivered=1))
    with monkeypatch.context() as patched:
        patched.setattr("dj_actions.outbox.queries.DeliveryCountQuerySet.add", fail)
        with pytest.raises(DatabaseError):
            counter.flush()
    counter.add("a", Counts(delivered=2, failed=1))
    counter.flush()
    counter.flush()
    assert DeliveryCount.objects.values_list("delivered", "failed").get() == (3, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_relays_that_begin_a_half_hour_together_lose_nothing() -> None:
    barrier = threading.Barrier(4)

    def add() -> None:
        barrier.wait(timeout=60)
        DeliveryCount.objects.add({"a": Counts(delivered=1), "b": Counts(failed=1)})
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    found = DeliveryCount.objects.recent(timezone.now())
    assert (found["a"].delivered, found["b"].failed) == (4, 4)


@pytest.mark.django_db(transaction=True)
def test_a_relay_that_cannot_count_is_alive_as_often(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[None] = []

    def fail(*_: object) -> None:
        failures.append(None)
        raise DatabaseError("permission denied for table dj_actions_deliverycount")

    monkeypatch.setattr("dj_actions.outbox.queries.DeliveryCountQuerySet.add", fail)
    counter = DeliveryCounter()
    counter.add("a", Counts(delivered=1))
    stopping = threading.Event()
    # A wait after an error would be at least as long as the test lasts.
    tuning = RelayTuning(heartbeat_interval=0.01, error_wait=wait_fixed(60))
    heartbeat = Heartbeat(
        [], is_stuck=lambda: False, counter=counter, stopping=stopping, tuning=tuning
    )

    def run() -> None:
        with closing(connection):  # that of the thread
            heartbeat.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: len(failures) > 2, timeout=20, what="More heartbeats")
        assert RelayHeartbeat.objects.exists()
    finally:
        stopping.set()
        thread.join(timeout=60)
    assert caplog.text.count("could not count its deliveries") == 1


@pytest.mark.django_db(transaction=True)
def test_a_relay_counts_what_it_delivers(make_delivery: MakeDelivery) -> None:
    for _ in range(3):
        make_delivery()
    Relay(["memory"]).drain()
    assert Delivery.objects.filter(state="delivered").count() == 3
    assert DeliveryCount.objects.values_list("publisher", "delivered", "failed").get() == (
        "memory", 3, 0,
    )  # fmt: skip
