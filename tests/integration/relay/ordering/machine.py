"""The state machine: each rule is something that may happen to deliveries of one publisher."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from dj_actions.models import Delivery
from dj_actions.operations import pause, resume
from dj_actions.relay.tuning import RelayTuning
from dj_actions.states import DeliveryState
from tests.integration.relay.ordering.faults import Fault, PlannedFault
from tests.integration.relay.ordering.steps import DeliverySteps
from tests.integration.relay.ordering.subjects import PUBLISHER, SINGLE, WEIGHTED, Subject, record

RELAYS = 4
WRITERS = 2

ENDLESS = 1e6
"""Seconds: longer than any run."""

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


class DeliveryRun(DeliverySteps):
    """The events that deliveries of an ordered publisher may meet."""

    # Rules

    @initialize(
        at_once=st.booleans(), batch_size=st.sampled_from([4, 1, 8]), subjects=subject_lists
    )
    def begin(self, at_once: bool, batch_size: int, subjects: list[Subject]) -> None:
        """Receipts of fast destinations are settled together, those of slow ones at once."""
        tuning = RelayTuning(
            min_receipt_delay=0.0 if at_once else ENDLESS,
            max_receipt_delay=0.0 if at_once else ENDLESS,
            rescue_interval=0.0,
            max_claim_attempts=2,  # the claim of another relay often stops on purpose
            claim_interval=0.0,
            shared_window=ENDLESS,
            slow_scan_threshold=ENDLESS,  # on a busy machine, too, nothing is left for later
        )
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
        """The claim is not committed yet: another one may take keys of another part only."""
        claiming, moving = self.relays[number], self.relays[other]
        if claiming.in_hand or claiming is moving:
            return
        self._move(claiming, partial(claiming.begin, stops_in_claim=True))
        if moving.in_hand:
            self._resume(moving, outcome)
        elif claiming.is_in_claim:
            self._move(moving, moving.begin)
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
