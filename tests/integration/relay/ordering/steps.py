"""What the rules of the state machine are made of: moves of one relay, which are checked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine

from dj_actions.exceptions import DestinationNotFound, PublishRejected
from dj_actions.messages import Message, Receipt
from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.operations import cancel, discard, replay
from dj_actions.policies import OnPoison
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.tuning import RelayTuning
from dj_actions.states import DeliveryState
from tests.integration.relay.ordering.expectations import Expectations
from tests.integration.relay.ordering.relays import Relay, hand_over, run_until_idle
from tests.integration.relay.ordering.subjects import Recorded, Subject
from tests.integration.relay.ordering.writers import LateWriter
from tests.integration.relay.scripted import accept, script

MakeLane = Callable[[int, RelayTuning], Lane]
"""Makes a lane with a batch size."""

Held = Mapping[int, tuple[str, UUID | None]]
"""Id of a delivery → its state and its lease token."""

ERRORS = {"fails": DestinationNotFound("not yet"), "is rejected": PublishRejected("no")}


class DeliverySteps(RuleBasedStateMachine):
    """The steps of the relays, the operators and the writers, with what is checked at each."""

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
        self._new_lane = partial(make_lane, 1, RelayTuning())
        script.behave = hand_over
        self._begin_anew()

    def _begin_anew(self) -> None:
        """End what a run that failed has left, and empty the outbox."""
        for relay in self.relays:
            if relay.in_hand or relay.is_in_claim:
                relay.kill()
        for writer in self.writers:
            writer.commit()
        for rows in (Delivery, ActionEvent, PublisherState):
            rows.objects.all().delete()

    def _drain(self) -> None:
        """Let the relays deliver at the same time, each at its own pace."""
        lock = threading.Lock()

        def arrive(message: Message) -> Receipt:
            with lock:
                self.expected.check_sent(message.id)
                self.expected.arrives(message.id)
            return accept(message)

        script.behave = arrive
        Delivery.objects.all().retry_now()
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
