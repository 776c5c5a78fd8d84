"""Relays as processes: sharing work, signals, and what they leave behind."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dj_actions.models import ActionEvent, Delivery, RelayHeartbeat
from dj_actions.states import DeliveryState
from example.launch.process import Process
from tests.acceptance.conftest import Start, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@contextmanager
def inherited_as_ignored(*numbers: int) -> Iterator[None]:
    """Start programs as a shell starts background jobs, or `nohup` does."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def queue(count: int) -> None:
    events = ActionEvent.objects.bulk_create(
        ActionEvent(resource="todo", action="mark_done", object_id=str(number))
        for number in range(count)
    )
    Delivery.objects.bulk_create(Delivery(event=event, publisher="test") for event in events)


def sent(outbox: Path) -> list[str]:
    """Return the ids of all messages that have been sent, in order."""
    if not outbox.exists():
        return []
    return [line.split()[1] for line in outbox.read_text().splitlines()]


def is_killed_before(relay: Process, ready: Callable[[], bool]) -> bool:
    """Wait until a relay is killed, or something else has happened; return whether it was."""
    wait_for(lambda: relay.returncode is not None or ready(), "An end")
    assert relay.returncode in {None, -signal.SIGKILL}
    return relay.returncode is not None


def count(state: DeliveryState) -> int:
    return Delivery.objects.filter(state=state).count()


def test_two_relays_share_3000_deliveries_and_none_is_lost_or_sent_twice(
    start: Start, outbox: Path
) -> None:
    start()
    start()
    # Else the first may be done before the second has started.
    wait_for(lambda: RelayHeartbeat.objects.count() == 2, "Both relays")
    queue(3000)
    wait_for(lambda: count(DeliveryState.DELIVERED) == 3000, "All deliveries")
    ids = sent(outbox)
    assert len(ids) == 3000
    assert set(ids) == {str(pk) for pk in ActionEvent.objects.values_list("pk", flat=True)}
    workers = Counter(line.split()[0] for line in outbox.read_text().splitlines())
    assert len(workers) == 2
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_it_finish_one_give_back_the_rest_and_exit_0(
    start: Start, outbox: Path, number: int
) -> None:
    queue(5)
    relay = start("GatedPublisher")
    wait_for(lambda: len(sent(outbox)) == 1, "The first message")
    relay.send_signal(number)
    outbox.with_suffix(".open").touch()
    assert relay.wait(timeout=60) == 0
    assert (count(DeliveryState.DELIVERED), count(DeliveryState.PENDING)) == (1, 4)
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 1
    assert len(sent(outbox)) == 1
    start()  # which need not wait for a lease of a minute to end
    wait_for(lambda: count(DeliveryState.DELIVERED) == 5, "What was given back")
    assert len(sent(outbox)) == 5


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("ignored", [(), (signal.SIGINT,), (signal.SIGTERM,)], ids=str)
def test_a_second_signal_ends_it_at_once(
    start: Start, outbox: Path, second: int, ignored: tuple[int, ...]
) -> None:
    queue(1)
    with inherited_as_ignored(*ignored):
        relay = start("GatedPublisher")
    wait_for(lambda: len(sent(outbox)) == 1, "The first message")
    relay.send_signal(signal.SIGTERM)
    wait_for(lambda: "stopping" in relay.log.read_text(), "The first signal")
    relay.send_signal(second)
    assert relay.wait(timeout=60) == -second


def test_a_hangup_that_is_inherited_as_ignored_stays_ignored(start: Start, outbox: Path) -> None:
    with inherited_as_ignored(signal.SIGHUP, signal.SIGINT):  # nohup … &
        relay = start()
    wait_for(RelayHeartbeat.objects.exists, "The relay")
    relay.send_signal(signal.SIGHUP)
    queue(1)
    wait_for(lambda: count(DeliveryState.DELIVERED) == 1, "A delivery afterwards")
    relay.send_signal(signal.SIGINT)
    assert relay.wait(timeout=60) == 0


def test_where_a_publisher_hangs_it_stops_in_time_gives_all_back_and_exits_0(
    start: Start, outbox: Path
) -> None:
    queue(3)
    relay = start("GatedPublisher", TEST_STOP_TIMEOUT="0.5")
    wait_for(lambda: len(sent(outbox)) == 1, "The first message")
    relay.send_signal(signal.SIGTERM)
    assert relay.wait(timeout=60) == 0  # and the gate stays closed
    assert count(DeliveryState.PENDING) == 3
    assert "Publisher test did not stop within" in relay.log.read_text()


def test_a_message_that_kills_each_relay_ends_as_a_dead_letter_and_harms_no_other(
    start: Start, outbox: Path
) -> None:
    queue(5)
    killed = 0
    while not count(DeliveryState.DEAD):
        relay = start("LethalPublisher", RELAY_LEASE="0.5", TEST_TRIES="3")
        killed += is_killed_before(relay, lambda: count(DeliveryState.DEAD) == 1)
    wait_for(lambda: count(DeliveryState.DELIVERED) == 4, "All the others")
    dead = Delivery.objects.select_related("event").get(state=DeliveryState.DEAD)
    assert (dead.event.object_id, dead.attempts) == ("2", 3)
    assert dead.errors[-1]["kind"] == "lease expired"
    # Once when it was held with others, and was not to blame alone; then its three tries.
    assert killed == sent(outbox).count(str(dead.event_id)) == 4


def test_a_killed_relay_is_overtaken_when_its_lease_ends(start: Start, outbox: Path) -> None:
    queue(5)
    killed = start("GatedPublisher", RELAY_LEASE="1")
    wait_for(lambda: len(sent(outbox)) == 1, "The first message")
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    assert count(DeliveryState.SENDING) == 5
    start(RELAY_LEASE="1")
    wait_for(lambda: count(DeliveryState.DELIVERED) == 5, "The rescue")


def test_once_and_drain_end_by_themselves(start: Start, outbox: Path) -> None:
    queue(50)
    once = start("CountingPublisher", "--once")
    assert once.wait(timeout=60) == 3
    assert "test: 30 deliveries left pending: 30 can be sent now." in once.log_tail()
    assert len(sent(outbox)) == 20
    assert start("CountingPublisher", "--drain").wait(timeout=60) == 0
    assert len(sent(outbox)) == 50


def test_an_unknown_option_is_refused_with_a_hint(start: Start) -> None:
    relay = start("CountingPublisher", "--publisher=tset")
    assert relay.wait(timeout=60) == 1
    assert "Did you mean 'test'?" in relay.log_tail()
