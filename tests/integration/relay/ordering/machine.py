"""The state machine: each rule is something that may happen to deliveries of one publisher."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dj_actions.exceptions import DestinationNotFound, PublishRejected
from dj_actions.messages import Message, Receipt
from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.operations import cancel, discard, pause, replay, resume
from dj_actions.policies import OnPoison
from dj_actions.relay.lane import Lane
from dj_actions.relay.tuning import LaneTuning
from dj_actions.states import DeliveryState
from tests.integration.relay.ordering.expectations import Expectations
from tests.integration.relay.ordering.faults import Fault, PlannedFault
from tests.integration.relay.ordering.relays import Relay, hand_over, run_until_idle
from tests.integration.relay.ordering.subjects import (
    PUBLISHER,
    SINGLE,
    WEIGHTED,
    Recorded,
    Subject,
    record,
)
from tests.integration.relay.ordering.writers import LateWriter
from tests.integration.relay.scripted import accept, script

MakeLane = Callable[[int, LaneTuning], Lane]
"""Makes a lane with a batch size."""

Held = Mapping[int, tuple[str, UUID | None]]
"""Id of a delivery → its state and its lease token."""

RELAYS = 4
WRITERS = 2

DELAY = 1e6
"""Seconds for which a slow destination's receipts never wait in this test."""

ERRORS = {"fails": DestinationNotFound("not yet"), "is rejected": PublishRejected("no")}

subject_lists = st.lists(st.sampled_from(WEIGHTED), min_size=1, max_size=6)
relays = st.integers(min_value=0, max_value=RELAYS - 1)
places = st.integers(min_value=0, max_value=40)
outcomes = st.lists(
    st.sampled_from(["arrives", "arrives", "fails", "is rejected", "is rejected"]),
    min_size=1,
    max_size=4,
)
planned_faults = st.builds(
    PlannedFault, st.sampled_from(Fault), st.integers(min_value=0, max_value=6), st.booleans()
)


class DeliveryRun(RuleBasedStateMachine):
    """The events that deliveries of an ordered publisher may meet."""

    def __init__(
        self,
        on_poison: OnPoison,
        relays: Sequence[Relay],
        writers: Sequence[LateWriter],
        make_lane: MakeLane,
    ) -> None:
        super().__init__()
        self.expected = Expectations(on_poison)
        self.relays = relays
        self.writers = writers
        self._held: Held | None = None
        self._make_lane = make_lane
        self._new_lane = partial(make_lane, 1, LaneTuning())
        script.behave = hand_over
        for rows in (Delivery, ActionEvent, PublisherState):
            rows.objects.all().delete()

    # Rules

    @initialize(
        at_once=st.booleans(), batch_size=st.sampled_from([4, 1, 8]), subjects=subject_lists
    )
    def begin(self, at_once: bool, batch_size: int, subjects: list[Subject]) -> None:
        """Receipts of fast destinations are settled together, those of slow ones at once."""
        delay = 0.0 if at_once else DELAY
        tuning = LaneTuning(max_receipt_delay=delay, rescue_interval=0.0)
        self._new_lane = partial(self._make_lane, batch_size, tuning)
        for relay in self.relays:
            relay.start(self._new_lane())
        self.commit(subjects)

    @rule(subjects=subject_lists)
    def commit(self, subjects: list[Subject]) -> None:
        self._add(record(self._without_locked(subjects)))

    @rule(number=st.integers(min_value=0, max_value=WRITERS - 1), subjects=subject_lists)
    def a_late_writer_writes_or_commits(self, number: int, subjects: list[Subject]) -> None:
        writer, free = self.writers[number], self._without_locked(subjects)
        if writer.uncommitted:
            self._add(writer.commit())
        elif free:
            writer.write(free)

    @rule(moves=st.lists(st.tuples(relays, outcomes), min_size=1, max_size=3))
    def relays_continue(self, moves: list[tuple[int, list[str]]]) -> None:
        """Each claims a batch, if it has none; its next messages have these outcomes."""
        for number, happens in moves:
            self._continue(self.relays[number], happens)

    @rule(number=relays, happens=outcomes, fault=planned_faults)
    def a_relay_continues_until_a_fault(
        self, number: int, happens: list[str], fault: PlannedFault
    ) -> None:
        relay = self.relays[number]
        relay.plan(fault)
        self._continue(relay, happens)
        relay.plan(None)

    @rule(number=relays, other=relays, before=outcomes, meanwhile=outcomes, after=outcomes)
    def a_relay_hangs_until_its_lease_expires(
        self, number: int, other: int, before: list[str], meanwhile: list[str], after: list[str]
    ) -> None:
        """Another relay rescues what it holds; then it goes on as if nothing had happened."""
        late = self.relays[number]
        self._continue(late, before)
        self.leases_expire(number)
        self._continue(self.relays[other], meanwhile)
        self._continue(late, after)

    @rule(number=relays, arrives=st.booleans())
    def a_relay_is_killed_while_it_publishes(self, number: int, arrives: bool) -> None:
        relay = self.relays[number]
        if relay.in_hand:
            if arrives:
                self.expected.arrives(relay.in_hand.id)
            self._move(relay, relay.kill)

    @rule(number=relays, other=relays, outcome=st.sampled_from(["arrives", "fails"]))
    def a_relay_moves_while_another_one_claims(self, number: int, other: int, outcome: str) -> None:
        """The claim is not committed yet: no other claim may overtake it."""
        claiming, moving = self.relays[number], self.relays[other]
        if claiming.in_hand or claiming is moving:
            return
        self._move(claiming, partial(claiming.begin, stops_in_claim=True))
        if moving.in_hand:
            self._resume(moving, outcome)
        elif claiming.is_in_claim:
            self._move(moving, moving.begin)
            assert moving.in_hand is None
        if claiming.is_in_claim:
            self._move(claiming, claiming.resume)

    @rule(number=st.none() | relays)
    def leases_expire(self, number: int | None) -> None:
        """Those of one relay or of all: other relays rescue what it holds while it goes on."""
        held = Delivery.objects.filter(state=DeliveryState.SENDING)
        if number is not None:
            held = held.filter(lease_token=self.relays[number].lease_token)
        held.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    @rule(subject=st.none() | st.sampled_from(SINGLE))
    def time_passes(self, subject: Subject | None) -> None:
        """The deliveries about a subject, or all, wait no longer for their next attempt."""
        waiting = Delivery.objects.all()
        if subject:
            waiting = waiting.filter(ordering_key=subject.ordering.key)
        waiting.retry_now()

    @precondition(lambda self: self.expected.committed)
    @rule(operation=st.sampled_from(["replay", "discard", "cancel"]), place=places)
    def an_operator_changes_a_delivery(self, operation: str, place: int) -> None:
        """The one in this place, among those that the operation is for."""
        state = DeliveryState.PENDING if operation == "cancel" else DeliveryState.DEAD
        found = list(Delivery.objects.eligible(state).values_list("pk", flat=True))
        if found:
            self._operate(operation, [found[place % len(found)]])

    @rule(number=relays, happens=outcomes, subjects=subject_lists)
    def an_operator_pauses_the_publisher_for_a_while(
        self, number: int, happens: list[str], subjects: list[Subject]
    ) -> None:
        """A relay finishes what it has claimed, and claims nothing."""
        relay = self.relays[number]
        assert pause(PUBLISHER, actor=None, reason="test").count == 1
        self.commit(subjects)
        if relay.in_hand is None:
            self._move(relay, relay.begin)
            assert relay.in_hand is None
        for outcome in happens:
            if relay.in_hand:
                self._resume(relay, outcome)
        assert resume(PUBLISHER, actor=None, reason="test").count == 1

    # Invariants

    @invariant()
    def promises_are_kept(self) -> None:
        assert not self.expected.violations, self.expected.violations

    def teardown(self) -> None:
        """Repair everything: then every delivery arrives, in order."""
        for relay in self.relays:
            if relay.in_hand:
                self._move(relay, relay.kill)
        for writer in self.writers:
            self._add(writer.commit())
        if self.expected.violations:
            return  # the invariant has reported them
        self.leases_expire(None)
        self._drain()
        if not self.expected.continues:
            dead = Delivery.objects.filter(state=DeliveryState.DEAD)
            self._operate("replay", list(dead.values_list("pk", flat=True)))
            self._drain()
        self.promises_are_kept()
        self.expected.check_end()

    def _drain(self) -> None:
        """Let the relays deliver at the same time, each at its own pace."""
        lock = threading.Lock()

        def arrive(message: Message) -> Receipt:
            with lock:
                self.expected.check_sent(message.id)
                self.expected.arrives(message.id)
            return accept(message)

        script.behave = arrive
        self.time_passes(None)
        run_until_idle(self.relays)

    def _operate(self, operation: str, keys: Sequence[int]) -> None:
        operations = {"replay": replay, "discard": discard, "cancel": cancel}
        chosen = Delivery.objects.matching(ids=keys)
        changed = operations[operation](chosen, actor=None, reason="test").ids
        record = self.expected.replayed if operation == "replay" else self.expected.withdrawn
        record.update(int(pk) for pk in changed)
        self._held = None
        self._note(self._held_now())

    def _add(self, committed: Sequence[Recorded]) -> None:
        self.expected.committed += committed
        self._held = None

    def _continue(self, relay: Relay, happens: Sequence[str]) -> None:
        """Let a relay claim, if it has no batch; let its next messages have these outcomes."""
        if relay.in_hand is None:
            self._move(relay, relay.begin)
        for outcome in happens:
            if relay.in_hand is None:
                break
            self._resume(relay, outcome)

    def _resume(self, relay: Relay, outcome: str) -> None:
        """Let the message in hand have this outcome."""
        assert relay.in_hand
        if outcome == "arrives":
            self.expected.arrives(relay.in_hand.id)
        self._move(relay, partial(relay.resume, ERRORS.get(outcome)))

    def _move(self, relay: Relay, move: Callable[[], None]) -> None:
        """Let a relay move, and check what it has changed and the message that it sends next."""
        before, token = self._held_now(), relay.lease_token
        begins = relay.in_hand is None
        if begins:
            relay.excused = self.expected.left_out(states_in(before))
            relay.blocking = dead_in(before)
        move()
        self._held = None
        after = self._held_now()
        if not begins:
            check_changes(before, after, token)
        self._note(after)
        relay.blocking |= dead_in(after) - dead_in(before)
        if relay.is_dead:
            relay.start(self._new_lane())
        if relay.in_hand:
            self.expected.check_sent(
                relay.in_hand.id, excused=relay.excused, blocking=relay.blocking
            )

    def _held_now(self) -> Held:
        """Return the state and the lease token of each delivery; read them once."""
        if self._held is None:
            self._held = held_deliveries()
        return self._held

    def _note(self, held: Held) -> None:
        """Excuse relays from waiting for what is left out while they hold their batches."""
        left_out = self.expected.left_out(states_in(held))
        for relay in self.relays:
            relay.excused |= left_out

    def _without_locked(self, subjects: Sequence[Subject]) -> list[Subject]:
        """Return those about which no action would wait for a late writer."""
        locks = {lock for writer in self.writers for lock in writer.locks}
        return [subject for subject in subjects if not subject.locks & locks]


def held_deliveries() -> Held:
    """Return the state and the lease token of each delivery."""
    rows = Delivery.objects.values_list("pk", "state", "lease_token")
    return {pk: (state, token) for pk, state, token in rows}


def states_in(held: Held) -> dict[int, str]:
    return {pk: state for pk, (state, _) in held.items()}


def dead_in(held: Held) -> set[int]:
    return {pk for pk, (state, _) in held.items() if state == DeliveryState.DEAD}


def check_changes(before: Held, after: Held, token: UUID | None) -> None:
    """Check that a relay has changed only what it held, and dead letters that it superseded."""
    for pk, now in after.items():
        was = before[pk]
        assert was == now or was[1] == token or (was[0], now[0]) == ("dead", "cancelled")
