"""What all relays share about a publisher: its pause, its breaker, its rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting, PublisherUnavailable, PublishRejected
from dj_actions.models import Delivery, PublisherState, RelayHeartbeat
from dj_actions.outbox.queries import from_now
from dj_actions.publishers.memory import MemoryPublisher
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.process.capacity import connections_of_relay, lanes_of
from dj_actions.relay.relay import Relay
from dj_actions.signals import delivery_dead, publisher_recovered
from example.launch.process import wait_until
from tests.fixtures.relay import RETRY, Queue, running
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db

Configure = Callable[..., Lane]
T = TypeVar("T")

CALLERS = 8


@pytest.fixture
def other_lane(lane: Lane) -> Lane:
    """The same publisher's lane in another relay."""
    return Lane(lane.alias, get_settings(), threading.Event())


def fail(_message: Any) -> Any:
    raise PublisherUnavailable("down")


def end_the_wait() -> None:
    PublisherState.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def test_nothing_is_sent_while_a_publisher_is_paused(lane: Lane, queue: Queue) -> None:
    queue(2)
    assert PublisherState.objects.pause("first", by="ann", reason="upgrade")
    assert not lane.run_once()
    assert script.seen == []

    assert PublisherState.objects.resume("first")
    assert lane.run_once()
    assert len(script.seen) == 2


def test_a_pause_affects_one_publisher_and_is_reported_once(lane: Lane, queue: Queue) -> None:
    queue()
    PublisherState.objects.pause("second", by="ann", reason="upgrade")

    assert not PublisherState.objects.pause("second", by="bob", reason="other")
    assert not PublisherState.objects.resume("first")
    assert lane.run_once()


def test_what_one_relay_learns_stops_all(lane: Lane, other_lane: Lane, queue: Queue) -> None:
    queue(10)
    script.behave = fail
    lane.run_once()
    assert len(script.seen) == 3

    assert not other_lane.run_once()
    assert not other_lane.run_once()
    assert len(script.seen) == 3


def test_one_relay_probes_for_all(lane: Lane, other_lane: Lane, queue: Queue) -> None:
    queue(10)
    script.behave = fail
    lane.run_once()
    Delivery.objects.all().retry_now()
    end_the_wait()
    probes = [CircuitBreaker("first"), CircuitBreaker("first")]

    assert [breaker.take_probe(seconds=60) for breaker in probes] == [True, False]


def test_a_failed_probe_waits_no_longer_than_its_backoff(lane: Lane, queue: Queue) -> None:
    queue(5)
    script.behave = fail
    lane.run_once()
    end_the_wait()
    lane._breaker.refresh()
    assert lane.run_once()

    waits = PublisherState.objects.filter(open_until__lt=from_now(10))
    assert waits.exists()


def test_after_recovery_deliveries_flow_and_the_signal_is_sent(
    lane: Lane, other_lane: Lane, queue: Queue
) -> None:
    heard: list[str] = []

    def hear(publisher: str, **_: Any) -> None:
        heard.append(publisher)

    publisher_recovered.connect(hear)
    queue(5)
    script.behave = fail
    lane.run_once()
    script.behave = accept
    Delivery.objects.all().retry_now()
    end_the_wait()
    other_lane._breaker.refresh()
    while other_lane.run_once():
        pass

    assert Delivery.objects.filter(state="delivered").count() == 5
    assert heard == ["first"]
    assert PublisherState.objects.get().failures == 0


def test_one_message_that_fails_again_and_again_opens_nothing() -> None:
    breaker, event = CircuitBreaker("first"), uuid4()
    for _ in range(10):
        breaker.record(PublisherUnavailable("down"), event)

    assert breaker.is_closed


def test_a_dead_letter_sends_its_signal(lane: Lane, queue: Queue) -> None:
    heard: list[str] = []

    def hear(reason: str, **_: Any) -> None:
        heard.append(reason)

    def reject(_message: Any) -> Any:
        raise PublishRejected("no such feed")

    delivery_dead.connect(hear)
    queue()
    script.behave = reject
    lane.run_once()

    assert heard == ["rejected: no such feed"]


@pytest.fixture
def limited(settings: Settings) -> Configure:
    """Return a function that limits the rate of the first publisher and makes a lane of it."""

    def limited(rate: float) -> Lane:
        entry = {
            "BACKEND": "tests.integration.relay.scripted.ScriptedPublisher",
            "RETRY": RETRY,
            "RATE_LIMIT": rate,
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}}
        return Lane("first", get_settings(), threading.Event())

    return limited


def concurrently(call: Callable[[int], T]) -> list[T]:
    """Call from several threads with their own connections, as simultaneously as possible."""
    barrier = threading.Barrier(CALLERS)

    def run(number: int) -> T:
        connection.ensure_connection()
        barrier.wait(20)
        try:
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(run, range(CALLERS)))


def allowance_ends_in(seconds: float) -> None:
    PublisherState.objects.update(next_send_at=from_now(seconds) if seconds else Now())


def test_all_relays_together_keep_to_the_rate(limited: Configure, queue: Queue) -> None:
    queue(20)
    lane, other = limited(5), limited(5)
    lane.run_once()
    other.run_once()
    assert 5 <= len(script.seen) <= 6

    allowance_ends_in(100)
    assert not lane.run_once()
    allowance_ends_in(0)
    assert lane.run_once()
    assert 10 <= len(script.seen) <= 12


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_concurrent_relays_get_no_more_than_the_allowance_and_one_probe() -> None:
    def allowance(_: int) -> int:
        return PublisherState.objects.take_allowance("first", wanted=3, rate=5)

    def probe(_: int) -> bool:
        return PublisherState.objects.take_probe("first", seconds=60)

    started = time.monotonic()
    allowed = concurrently(allowance)
    seconds = time.monotonic() - started
    PublisherState.objects.open_breaker("first", seconds=0, reason="down")

    # While this runs, the allowance grows.
    assert 5 <= sum(allowed) <= 6 + 5 * seconds
    assert sorted(concurrently(probe)) == [False] * (CALLERS - 1) + [True]


def test_an_unused_allowance_is_returned(limited: Configure, queue: Queue) -> None:
    lane = limited(5)
    for _ in range(10):
        lane.run_once()
    queue(5)
    lane.run_once()

    assert len(script.seen) == 5


def test_a_rate_below_one_a_second_lets_one_through(limited: Configure, queue: Queue) -> None:
    queue(3)
    lane = limited(0.01)
    lane.run_once()
    lane.run_once()

    assert len(script.seen) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("RATE_LIMIT", 0),
        ("RATE_LIMIT", "5/s"),
        ("ORDERING", "object"),
        ("ON_POISON", "ignore"),
        ("CONCURRENCY", 0),
        ("CONCURRENCY", 1.5),
    ],
)
def test_invalid_settings_are_reported(settings: Settings, key: str, value: object) -> None:
    entry = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher", key: value}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}}

    with pytest.raises(InvalidSetting, match=key):
        get_settings()


def test_a_publisher_may_have_several_lanes(settings: Settings) -> None:
    entry = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher", "CONCURRENCY": 3}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}}

    assert [lane.alias for lane in Relay()._lanes] == ["first"] * 3


@pytest.mark.parametrize(("entry", "lanes"), [({}, 4), ({"CONCURRENCY": 2}, 2)])
def test_a_publisher_declares_how_many_lanes_it_has_by_default(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, entry: dict[str, int], lanes: int
) -> None:
    monkeypatch.setattr(MemoryPublisher, "default_concurrency", 4)
    backend = "dj_actions.publishers.memory.MemoryPublisher"
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": {"BACKEND": backend, **entry}}}

    assert len(list(Relay()._lanes)) == lanes
    assert connections_of_relay(get_settings()) == 4 + lanes


def test_a_publisher_that_cannot_be_imported_has_one_lane(settings: Settings) -> None:
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": {"BACKEND": "no.such.Publisher"}}}

    assert lanes_of("first", get_settings()) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_relay_records_its_heartbeat_and_deletes_it_at_the_end() -> None:
    with running(Relay(["first"])):
        wait_until(RelayHeartbeat.objects.exists, timeout=60, what="The heartbeat")
        assert RelayHeartbeat.objects.get().publishers == ["first"]

    assert not RelayHeartbeat.objects.exists()
