"""A relay with its threads, on a database that other connections see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.models.functions import Now
from pytest_django import Settings
from tenacity import wait_exponential

from dj_actions.conf import PublisherSettings
from dj_actions.exceptions import InvalidSetting
from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.models import Delivery, PublisherState, RelayHeartbeat
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.handler import publisher_class
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.relay import Relay
from dj_actions.relay.tuning import RelayTuning
from dj_actions.states import DeliveryState, RemoteState
from example.launch.process import wait_until
from tests.fixtures.relay import Queue, running
from tests.integration.relay.scripted import ScriptedPublisher, accept, script

pytestmark = pytest.mark.django_db(transaction=True)

SHORT_WAIT = wait_exponential(multiplier=0.01, max=10)


def wait_for(ready: Callable[[], bool], what: str) -> None:
    wait_until(ready, timeout=60, what=what)


def delivered(publisher: str = "first") -> int:
    return Delivery.objects.filter(publisher=publisher, state=DeliveryState.DELIVERED).count()


def test_it_delivers_what_comes_while_it_runs(queue: Queue) -> None:
    with running(Relay()):
        queue(3)
        queue(2, publisher="second")
        wait_for(lambda: delivered() == 3 and delivered("second") == 2, "All deliveries")


def test_a_stuck_destination_does_not_delay_another(queue: Queue) -> None:
    release = threading.Event()
    first = {delivery.event_id for delivery in queue(1)}
    queue(25, publisher="second")

    def hang_for_first(message: Message) -> Receipt:
        if message.id in first:
            release.wait(20)
        return accept(message)

    script.behave = hang_for_first
    try:
        with running(Relay()):
            wait_for(lambda: delivered("second") == 25, "The second publisher")
            assert delivered() == 0
            release.set()
            wait_for(lambda: delivered() == 1, "The first publisher")
    finally:
        release.set()


def test_it_follows_runs_to_their_end(queue: Queue) -> None:
    (delivery,) = queue()
    run_id = str(delivery.event_id)
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    script.runs[run_id] = RemoteRun(state=RemoteState.RUNNING)

    def state() -> str:
        return Delivery.objects.get().remote_state

    with running(Relay()):
        wait_for(lambda: len(script.questions) > 1, "A second question")
        assert state() == RemoteState.RUNNING
        script.runs[run_id] = RemoteRun(state=RemoteState.SUCCEEDED)
        wait_for(lambda: state() == RemoteState.SUCCEEDED, "The end of the run")


def test_stop_may_be_called_before_run_and_twice() -> None:
    relay = Relay()
    relay.stop()
    relay.stop()
    relay.run()


def test_the_deliveries_of_a_stuck_lane_are_released_at_shutdown(
    queue: Queue, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "STOP_TIMEOUT": 0.1}
    queue(3)
    busy, release = threading.Event(), threading.Event()
    before = threading.active_count()

    def hang(message: Message) -> Receipt:
        busy.set()
        release.wait(20)
        return accept(message)

    script.behave = hang
    try:
        with running(Relay()):
            assert busy.wait(20)
        assert {entry.state for entry in Delivery.objects.all()} == {DeliveryState.PENDING}
    finally:
        release.set()
        wait_for(lambda: threading.active_count() <= before, "The thread that hung")


@pytest.mark.postgres
def test_it_survives_the_loss_of_all_its_connections(
    queue: Queue,
) -> None:
    with running(Relay(tuning=RelayTuning(heartbeat_interval=0.1))):
        queue(1)
        wait_for(lambda: delivered() == 1, "The first delivery")
        wait_for(RelayHeartbeat.objects.exists, "The first heartbeat")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
            assert cursor.fetchone()[0] >= 2
        queue(5)
        wait_for(lambda: delivered() == 6, "The deliveries after the loss")
        seen_at = RelayHeartbeat.objects.get().seen_at
        wait_for(lambda: RelayHeartbeat.objects.get().seen_at > seen_at, "A heartbeat")
    assert len({message.id for message in script.seen}) == 6


def test_no_transaction_is_open_while_a_publisher_is_busy(queue: Queue) -> None:
    # It would keep a snapshot, and with it all dead rows, for as long as a destination takes.
    seen: list[tuple[bool, bool]] = []

    def look(message: Message) -> Receipt:
        seen.append((connection.in_atomic_block, connection.get_autocommit()))
        return accept(message)

    script.behave = look
    queue(2)
    Relay().drain()

    assert seen == [(False, True)] * 2


@pytest.mark.parametrize("ordering", ["none", "key"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_project_without_time_zones_is_served(
    queue: Queue, settings: Settings, zone: str, ordering: str
) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, zone
    own = {**settings.DJ_ACTIONS["PUBLISHERS"]["first"], "ORDERING": ordering}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": own}}
    (late,) = queue(1, available_at=Now() + timedelta(minutes=1))
    (held,) = queue(1)
    Delivery.objects.claim("first", limit=1, lease=60)
    queue(2)
    Relay().drain()

    late.refresh_from_db()
    held.refresh_from_db()
    assert (late.state, held.state) == (DeliveryState.PENDING, DeliveryState.SENDING)
    assert delivered() == 2
    now = datetime.now(UTC)
    assert all(abs(message.occurred_at - now) < timedelta(minutes=1) for message in script.seen)


def test_drain_delivers_everything_due_and_ends(queue: Queue) -> None:
    queue(35)
    queue(3, publisher="second")
    Relay().drain()
    assert (delivered(), delivered("second")) == (35, 3)


def test_once_delivers_one_batch_for_each_publisher(queue: Queue) -> None:
    queue(35)
    queue(3, publisher="second")
    with pytest.raises(SystemExit, match="3"):
        call_command("run_relay", "--once")
    assert (delivered(), delivered("second")) == (10, 3)


def test_the_command_serves_only_the_publishers_it_is_given(queue: Queue) -> None:
    queue(1)
    queue(1, publisher="second")
    call_command("run_relay", "--drain", "--publisher=second")
    assert (delivered(), delivered("second")) == (0, 1)


def test_an_unknown_publisher_is_refused_with_a_hint() -> None:
    with pytest.raises(InvalidSetting, match="Did you mean 'first'"):
        Relay(["frist"])
    with pytest.raises(CommandError, match="Did you mean 'first'"):
        call_command("run_relay", "--once", "--publisher=frist")


def test_a_busy_lane_keeps_its_lease(queue: Queue, settings: Settings) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "LEASE": 0.3}
    queue(1)
    busy, release = threading.Event(), threading.Event()

    def work(message: Message) -> Receipt:
        busy.set()
        release.wait(20)
        return accept(message)

    def lease() -> object:
        return Delivery.objects.get().lease_expires_at

    script.behave = work
    try:
        with running(Relay()):
            assert busy.wait(20)
            first = lease()
            wait_for(lambda: lease() != first, "A renewal")
            release.set()
            wait_for(lambda: delivered() == 1, "The delivery")
    finally:
        release.set()
    assert len(script.seen) == 1
    assert Delivery.objects.get().attempts == 1


def test_a_lane_survives_unexpected_errors(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def rescue_with_a_fault(*_args: object) -> int:
        seen.append(1)
        if len(seen) < 3:
            raise ProgrammingError("relation does not exist")
        return 0

    monkeypatch.setattr("dj_actions.relay.lanes.lane.rescue", rescue_with_a_fault)
    queue(2)
    with running(Relay(["first"], tuning=RelayTuning(error_wait=SHORT_WAIT))):
        wait_for(lambda: delivered() == 2, "The deliveries")


def test_a_relay_that_starts_before_the_tables_exist_waits_for_them(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_known: object) -> None:
        raise ProgrammingError("relation does not exist")

    monkeypatch.setattr("dj_actions.relay.relay.warn_of_unknown_publishers", fail)
    queue(1)
    with running(Relay(["first"], tuning=RelayTuning(error_wait=SHORT_WAIT))):
        wait_for(lambda: delivered() == 1, "The delivery")


@pytest.mark.parametrize("name", ["prepare", "track", "__init__"])
def test_a_publisher_that_raises_system_exit_ends_no_thread(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tuning = RelayTuning(error_wait=SHORT_WAIT, probe_wait=SHORT_WAIT)
    script.behave = lambda message: Receipt(id=str(message.id), tracked=True)
    usual = getattr(ScriptedPublisher, name)
    calls: list[int] = []

    def exit_at_first(self: ScriptedPublisher, *args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise SystemExit(3)
        return usual(self, *args, **kwargs)

    monkeypatch.setattr(ScriptedPublisher, name, exit_at_first)
    queue(2)
    with running(Relay(["first"], tuning=tuning)):
        wait_for(lambda: delivered() == 2, "The deliveries")
        wait_for(lambda: bool(script.questions), "A question about their runs")


def test_a_relay_stops_when_one_of_its_threads_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def end(_lane: Lane) -> None:
        raise MemoryError

    monkeypatch.setattr(Lane, "run", end)
    with pytest.raises(MemoryError):
        Relay(["first"]).run()
    assert "A thread of the relay ended with an error" in caplog.text


def test_a_stuck_lane_is_replaced(queue: Queue, settings: Settings) -> None:
    tuning = RelayTuning(stuck_after_leases=2)
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "LEASE": 0.2}
    first, *_ = queue(3)
    hanging, release = threading.Event(), threading.Event()

    def hang_once(message: Message) -> Receipt:
        if message.id == first.event_id and not hanging.is_set():
            hanging.set()
            release.wait(20)
        return accept(message)

    script.behave = hang_once
    try:
        with running(Relay(["first"], tuning=tuning)):
            wait_for(lambda: delivered() == 3, "All deliveries, while one thread is stuck")
    finally:
        release.set()
    first.refresh_from_db()
    assert [error["kind"] for error in first.errors] == ["lease expired"]


def test_a_hanging_publisher_is_not_joined_by_one_lane_after_another(
    queue: Queue, settings: Settings
) -> None:
    """Each would wait for the same destination, and keep what it has received in memory."""
    tuning = RelayTuning(stuck_after_leases=1, heartbeat_interval=0.01)
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "LEASE": 0.1, "STOP_TIMEOUT": 0.1}
    queue(20)
    release = threading.Event()

    def hang(message: Message) -> Receipt:
        release.wait(20)
        return accept(message)

    script.behave = hang
    try:
        with running(Relay(["first"], tuning=tuning)):
            wait_for(lambda: len(script.seen) == 2, "A lane, and the one that replaces it")
            release.wait(1)
            assert len(script.seen) == 2
    finally:
        release.set()


def test_the_heartbeat_of_a_relay_with_too_many_stuck_lanes_stops(
    queue: Queue, settings: Settings
) -> None:
    tuning = RelayTuning(stuck_after_leases=1, max_replaced_lanes=0, heartbeat_interval=0.01)
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "LEASE": 0.2, "STOP_TIMEOUT": 0.1}
    queue(1)
    release = threading.Event()

    def hang(message: Message) -> Receipt:
        release.wait(20)
        return accept(message)

    def seen_at() -> datetime:
        return RelayHeartbeat.objects.get().seen_at

    def is_silent() -> bool:
        before = seen_at()
        release.wait(0.1)
        return seen_at() == before

    script.behave = hang
    try:
        with running(Relay(["first"], tuning=tuning)):
            wait_for(RelayHeartbeat.objects.exists, "A heartbeat")
            wait_for(is_silent, "Silence")
    finally:
        release.set()


class ReplicaRouter:
    """Reads from a replica, writes to the primary: the router of Django's own documentation."""

    def db_for_read(self, _model: object, **_hints: object) -> str:
        return "replica"

    def db_for_write(self, _model: object, **_hints: object) -> str:
        return "default"

    def allow_relation(self, _one: object, _other: object, **_hints: object) -> bool:
        return True


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
def test_reads_that_are_routed_to_a_replica_do_not_disturb_it(
    queue: Queue, settings: Settings
) -> None:
    queue(2)
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    Relay(["first"]).drain()
    assert Delivery.objects.using("default").filter(state=DeliveryState.DELIVERED).count() == 2


def test_drain_and_once_raise_what_stopped_them(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> int:
        raise ProgrammingError("relation does not exist")

    monkeypatch.setattr("dj_actions.relay.lanes.lane.rescue", fail)
    queue(1)
    with pytest.raises(ProgrammingError):
        Relay().drain()
    with pytest.raises(ProgrammingError):
        Relay().run_once()


@pytest.mark.postgres
def test_a_publisher_that_cannot_be_created_stops_no_other(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own, tries = publisher_class, 0
    tuning = RelayTuning(error_wait=SHORT_WAIT)

    def fail(alias: str, settings: PublisherSettings) -> type[BasePublisher]:
        if alias == "first":
            nonlocal tries
            tries += 1
            raise InvalidSetting("FEEDS_KEY is not set on this machine.")
        return own(alias, settings)

    with monkeypatch.context() as here, ExitStack() as stack:
        here.setattr("dj_actions.publishers.handler.publisher_class", fail)
        stack.enter_context(running(Relay(tuning=tuning)))
        queue(1)
        queue(1, publisher="second")
        wait_for(lambda: delivered("second") == 1, "The other publisher")
        wait_for(lambda: tries > 7, "More tries, also while it listens")
        assert caplog.text.count("could not deliver to first: FEEDS_KEY is not set") == 1
        assert not PublisherState.objects.exclude(open_until=None).exists()
    assert "can deliver to first again" not in caplog.text
    assert delivered() == 0
    with running(Relay()):
        wait_for(lambda: delivered() == 1, "Another relay")


def test_a_relay_that_cannot_release_its_deliveries_ends_anyway(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    released: list[UUID] = []

    def fail(_: object, token: UUID) -> int:
        released.append(token)
        raise OperationalError("The database is away.")

    monkeypatch.setattr(DeliveryQuerySet, "release", fail)
    monkeypatch.setattr("dj_actions.relay.settling.release.wake_relays", pytest.fail)
    relay = Relay()
    for lane in relay._lanes:
        lane.lease.token = uuid4()
    relay._threads.errors.append(RuntimeError("the original error"))
    relay.stop()
    with pytest.raises(RuntimeError, match="the original error"):
        relay._shutdown([])

    assert released == [lane.lease.token for lane in relay._lanes]
    assert "could not release its deliveries: The database is away." in caplog.text


@pytest.mark.postgres
def test_several_lanes_of_a_publisher_work_at_once(queue: Queue, settings: Settings) -> None:
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["first"] | {"CONCURRENCY": 2, "BATCH_SIZE": 1}
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "PUBLISHERS": {"first": entry}}
    both = threading.Barrier(2)

    def meet(message: Message) -> Receipt:
        both.wait(20)
        return accept(message)

    script.behave = meet
    queue(2)
    with running(Relay()):
        wait_for(lambda: delivered() == 2, "Both, each of which waits for the other")


def test_open_deliveries_of_a_removed_publisher_are_logged(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue(1, publisher="renamed")
    relay = Relay()
    relay.stop()
    relay.run()
    assert "renamed" in caplog.text
    assert "dj_actions.W004" in {finding.id for finding in run_checks(databases=["default"])}
