"""Each ordering key arrives in the order of its commits, whatever fails or is killed meanwhile.

Hypothesis generates the runs. The relays are real lanes on their own threads and connections, but
only one of them moves at a time: each stops while it publishes a message, until the run decides
on the outcome. So every run is reproducible.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import DestinationNotFound, PublishRejected
from dj_actions.messages import Message, Receipt
from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.policies import OnPoison
from dj_actions.relay.lane import Lane
from dj_actions.relay.rescue import rescue
from dj_actions.relay.tuning import LaneTuning
from dj_actions.states import DeliveryState
from tests.fixtures.relay import RETRY, Queue
from tests.integration.relay.scripted import accept, script

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

MakeLane = Callable[[LaneTuning], Lane]

BULK = ""
OBJECTS = {"1": ["1"], "2": ["2"], "3": ["3"], BULK: ["1", "2"]}
"""Ordering key → the objects of its actions."""

KEYS = ("1", "2", "3")
WEIGHTED_KEYS = ("1", "1", "2", "2", "3", BULK, BULK)
RELAYS = 3
THREAD_TIMEOUT = 60
"""Seconds after which a thread counts as stuck."""

RUNS = hypothesis_settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,  # the same runs each time
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

keys = st.sampled_from(KEYS)
key_lists = st.lists(st.sampled_from(WEIGHTED_KEYS), min_size=1, max_size=6)
relays = st.integers(min_value=0, max_value=RELAYS - 1)
outcomes = st.lists(
    st.sampled_from(["arrives", "arrives", "fails", "is rejected", "is rejected"]),
    min_size=1,
    max_size=4,
)
LEFT_OUT = {
    OnPoison.SKIP: {DeliveryState.DEAD},
    OnPoison.SUPERSEDE: {DeliveryState.DEAD, DeliveryState.CANCELLED},
}
"""States that a delivery which never arrives may end in."""

ERRORS = {"fails": DestinationNotFound("not yet"), "is rejected": PublishRejected("no")}

here = threading.local()


class Relay:
    """A lane on its own thread, which stops at each message until its outcome is decided."""

    def __init__(self) -> None:
        self.in_hand: Message | None = None
        """The message that it publishes at the moment."""
        self.lane: Lane
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._running: Future[bool]
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Exception | None] = SimpleQueue()

    def begin(self) -> None:
        """Claim a batch and start with its first message."""
        self._running = self._thread.submit(self._work)
        self._wait()

    def resume(self, error: Exception | None) -> None:
        """Let the message in hand arrive, or fail with this error; start with the next."""
        self._outcomes.put(error)
        self._wait()

    def kill(self) -> None:
        """End it like a killed process: it keeps what it holds and writes nothing more.

        Its leases expire, with another token, so that its thread cannot settle anything.
        """
        Delivery.objects.filter(lease_token=self.lane.lease.token).update(
            lease_token=uuid4(), lease_expires_at=timezone.now() - timedelta(seconds=1)
        )
        self.resume(PublishRejected("killed"))
        assert self.in_hand is None

    def hand_over(self, message: Message) -> Receipt:
        """Wait for the outcome; called by the publisher on the thread of the relay."""
        self._messages.put(message)
        error = self._outcomes.get(timeout=THREAD_TIMEOUT)
        if error:
            raise error
        return accept(message)

    def close(self) -> None:
        """End its thread."""
        self._thread.submit(connections.close_all).result(THREAD_TIMEOUT)
        self._thread.shutdown()

    def _work(self) -> bool:
        here.relay = self
        try:
            return self.lane.run_once()
        finally:
            self._messages.put(None)

    def _wait(self) -> None:
        self.in_hand = self._messages.get(timeout=THREAD_TIMEOUT)
        if self.in_hand is None:
            self._running.result(THREAD_TIMEOUT)


class Writer:
    """Commits late: its deliveries have their keys long before others can see them."""

    def __init__(self) -> None:
        self.uncommitted: Delivery | None = None
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._transaction = transaction.atomic()

    def write(self, queue: Queue, key: str) -> None:
        """Insert a delivery without committing it."""
        self.uncommitted = self._thread.submit(self._write, queue, key).result(THREAD_TIMEOUT)

    def commit(self) -> list[Delivery]:
        """Commit the delivery, if there is one, and return it."""
        if self.uncommitted is None:
            return []
        self._thread.submit(self._transaction.__exit__, None, None, None).result(THREAD_TIMEOUT)
        late, self.uncommitted = self.uncommitted, None
        return [late]

    def close(self) -> None:
        """End its thread."""
        self._thread.submit(connections.close_all).result(THREAD_TIMEOUT)
        self._thread.shutdown()

    def _write(self, queue: Queue, key: str) -> Delivery:
        self._transaction.__enter__()
        (delivery,) = put(queue, key)
        return delivery


def put(queue: Queue, key: str) -> list[Delivery]:
    """Queue a delivery with an ordering key."""
    return queue(ordering_scope="todo", ordering_key=key, object_ids=OBJECTS[key])


def hand_over(message: Message) -> Receipt:
    """Let the relay of this thread decide on the outcome."""
    relay: Relay = here.relay
    return relay.hand_over(message)


class DeliveryRun(RuleBasedStateMachine):
    """The events that deliveries of an ordered publisher may meet."""

    def __init__(
        self,
        on_poison: OnPoison,
        queue: Queue,
        relays: list[Relay],
        writer: Writer,
        make_lane: MakeLane,
    ) -> None:
        super().__init__()
        self.on_poison = on_poison
        self.continues = on_poison in (OnPoison.SKIP, OnPoison.SUPERSEDE)
        self.relays = relays
        self.writer = writer
        self.committed: list[Delivery] = []
        """In the order of their commits."""
        self.arrived: list[UUID] = []
        """Each once, when it arrived first; one that has arrived may be sent again."""
        self.too_early: list[str] = []
        self._queue = queue
        self._make_lane = make_lane
        self._tuning = LaneTuning()
        script.behave = hand_over
        for rows in (Delivery, ActionEvent, PublisherState):
            rows.objects.all().delete()

    # Rules

    @initialize(at_once=st.booleans(), keys=key_lists)
    def begin(self, at_once: bool, keys: list[str]) -> None:
        """Receipts of fast destinations are settled together, those of slow ones at once."""
        delay = 0.0 if at_once else float(THREAD_TIMEOUT)
        self._tuning = LaneTuning(min_receipt_delay=delay, max_receipt_delay=delay)
        for relay in self.relays:
            relay.lane = self._make_lane(self._tuning)
        self.commit(keys)

    @rule(keys=key_lists)
    def commit(self, keys: list[str]) -> None:
        for key in keys:
            if not self._is_locked(key):
                self.committed += put(self._queue, key)

    @precondition(lambda self: not self.writer.uncommitted)
    @rule(key=keys)
    def late_writer_writes(self, key: str) -> None:
        """The late writer inserts a delivery and commits it later."""
        self.writer.write(self._queue, key)

    @precondition(lambda self: self.writer.uncommitted)
    @rule()
    def late_writer_commits(self) -> None:
        self.committed += self.writer.commit()

    @rule(number=relays, happens=outcomes)
    def a_relay_continues(self, number: int, happens: list[str]) -> None:
        """It claims a batch, if it has none; its next messages have these outcomes."""
        relay = self.relays[number]
        if relay.in_hand is None:
            self._then(relay.begin, relay)
        for outcome in happens:
            if relay.in_hand is None:
                break
            if outcome == "arrives":
                self._arrives(relay.in_hand)
            self._then(partial(relay.resume, ERRORS.get(outcome)), relay)

    @rule(number=relays, arrives=st.booleans())
    def a_relay_is_killed(self, number: int, arrives: bool) -> None:
        relay = self.relays[number]
        if relay.in_hand and arrives:
            self._arrives(relay.in_hand)
        if relay.in_hand:
            relay.kill()
            relay.lane = self._make_lane(self._tuning)

    @rule()
    def expired_leases_are_rescued(self) -> None:
        rescue("first", get_settings().publishers["first"].retry)

    @rule()
    def time_passes(self) -> None:
        Delivery.objects.all().retry_now()

    @precondition(lambda self: not self.continues)
    @rule()
    def an_operator_replays(self) -> None:
        Delivery.objects.all().replay()

    # Invariants

    @invariant()
    def nothing_is_sent_too_early(self) -> None:
        assert self.too_early == []

    def teardown(self) -> None:
        """Repair everything: then every delivery arrives, in order."""
        for relay in self.relays:
            if relay.in_hand:
                relay.kill()
        self.late_writer_commits()
        if self.too_early:
            return  # the invariant has reported it
        self.expired_leases_are_rescued()
        if not self.continues:
            self.an_operator_replays()
        self.time_passes()
        self._drain()
        self.nothing_is_sent_too_early()
        self._check_the_end()

    def _drain(self) -> None:
        def arrive(message: Message) -> Receipt:
            self._check(message)
            self._arrives(message)
            return accept(message)

        script.behave = arrive
        lane = self._make_lane(self._tuning)
        while lane.run_once():
            pass

    def _then(self, move: Callable[[], None], relay: Relay) -> None:
        """Let a relay move, and check the message that it sends next."""
        move()
        if relay.in_hand:
            self._check(relay.in_hand)

    def _is_locked(self, key: str) -> bool:
        """Return whether an action would wait for another one of its objects to commit."""
        late = self.writer.uncommitted
        return bool(late and late.ordering_key in OBJECTS[key])

    def _arrives(self, message: Message) -> None:
        if message.id not in self.arrived:
            self.arrived.append(message.id)

    def _check(self, message: Message) -> None:
        """Record the deliveries that must arrive before this message but have not."""
        ids = [delivery.event_id for delivery in self.committed]
        own = ids.index(message.id)
        for place, earlier in enumerate(self.committed[:own]):
            if (
                must_wait(self.committed[own], earlier)
                and earlier.event_id not in self.arrived
                and state_of(earlier) not in LEFT_OUT.get(self.on_poison, ())
            ):
                self.too_early.append(f"{own} was sent before {place}")

    def _check_replaced(self, states: dict[UUID, Any]) -> None:
        """Check that what did not arrive was cancelled if superseded, and is dead if not."""
        for place, one in enumerate(self.committed):
            replaced = any(
                set(OBJECTS[one.ordering_key]) <= set(OBJECTS[later.ordering_key])
                and states[later.event_id] == DeliveryState.DELIVERED
                for later in self.committed[place + 1 :]
            )
            if states[one.event_id] != DeliveryState.DELIVERED:
                assert (states[one.event_id] == DeliveryState.CANCELLED) is replaced

    def _check_the_end(self) -> None:
        left_out = LEFT_OUT.get(self.on_poison, set())
        states = {delivery.event_id: state_of(delivery) for delivery in self.committed}
        assert set(states.values()) <= {DeliveryState.DELIVERED} | left_out
        if self.on_poison is OnPoison.SUPERSEDE:
            self._check_replaced(states)
        for key in KEYS:
            line = [one.event_id for one in self.committed if key in OBJECTS[one.ordering_key]]
            expected = [
                entry
                for entry in line
                if states[entry] == DeliveryState.DELIVERED or entry in self.arrived
            ]
            assert [entry for entry in self.arrived if entry in line] == expected


def must_wait(one: Delivery, earlier: Delivery) -> bool:
    """Return whether a delivery must wait for another one that committed earlier.

    A bulk action and an action on another object are ordered by their keys only.
    """
    keys = {one.ordering_key, earlier.ordering_key}
    share = set(OBJECTS[one.ordering_key]) & set(OBJECTS[earlier.ordering_key])
    return bool(share) or (BULK in keys and earlier.pk < one.pk)


def state_of(delivery: Delivery) -> Any:
    return Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk)


@pytest.fixture
def make_lane(settings: Settings) -> Callable[[OnPoison, LaneTuning], Lane]:
    """Return a function that makes a lane of a publisher which keeps an order."""

    def make_lane(on_poison: OnPoison, tuning: LaneTuning) -> Lane:
        entry = {
            "BACKEND": "tests.integration.relay.scripted.ScriptedPublisher",
            "RETRY": RETRY,
            "BATCH_SIZE": 4,
            "ORDERING": "key",
            "ON_POISON": on_poison.value,
            "ROUTES": ["todo.*"],
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}}
        return Lane("first", get_settings(), threading.Event(), tuning=tuning)

    return make_lane


@pytest.fixture
def three_relays() -> Iterator[list[Relay]]:
    """Relays that have no lane yet."""
    relays = [Relay() for _ in range(RELAYS)]
    yield relays
    for relay in relays:
        relay.close()


@pytest.fixture
def late_writer() -> Iterator[Writer]:
    writer = Writer()
    yield writer
    writer.commit()
    writer.close()


@pytest.mark.parametrize("on_poison", list(OnPoison))
def test_each_ordering_key_arrives_in_the_order_of_its_commits(
    on_poison: OnPoison,
    queue: Queue,
    three_relays: list[Relay],
    late_writer: Writer,
    make_lane: Callable[[OnPoison, LaneTuning], Lane],
) -> None:
    class Run(DeliveryRun):
        def __init__(self) -> None:
            super().__init__(
                on_poison, queue, three_relays, late_writer, partial(make_lane, on_poison)
            )

    run_state_machine_as_test(Run, settings=RUNS)
