"""What was promised: the order in which effects occur, and which of them do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from dj_actions.models import Delivery
from dj_actions.policies import OnPoison
from dj_actions.states import DeliveryState
from tests.integration.relay.ordering.subjects import Recorded, must_wait, replaces

States = Mapping[int, str]
"""Id of a delivery → its state."""

CONTINUES = frozenset({OnPoison.SKIP, OnPoison.SUPERSEDE})
"""Policies by which later deliveries do not wait for a dead letter."""


class Expectations:
    """What has been committed, what has arrived, and what contradicts the promises.

    Args:
        on_poison: how a dead letter affects later deliveries.
    """

    def __init__(self, on_poison: OnPoison) -> None:
        self.on_poison = on_poison
        self.continues = on_poison in CONTINUES
        self.committed: list[Recorded] = []
        """In the order of their commits."""
        self.arrived: list[UUID] = []
        """Each once, when it arrived first; one that has arrived may be sent again."""
        self.withdrawn: set[int] = set()
        """Those that an operator has cancelled or discarded."""
        self.replayed: set[int] = set()
        """Those that an operator has replayed."""
        self.violations: list[str] = []
        self._overtaken: set[tuple[int, int]] = set()

    def arrives(self, event: UUID) -> None:
        """Record that a message has reached the destination, which knows the earlier ones."""
        if event not in self.arrived:
            self.arrived.append(event)

    def left_out(self, states: States) -> set[int]:
        """Return the deliveries for which later ones need not wait any more."""
        excused = {DeliveryState.CANCELLED, *([DeliveryState.DEAD] if self.continues else [])}
        return {pk for pk, state in states.items() if state in excused}

    def check_sent(
        self, event: UUID, *, excused: Collection[int] = (), blocking: Collection[int] = ()
    ) -> None:
        """Record the deliveries that must arrive before a message that is sent, but have not.

        Args:
            event: id of the message.
            excused: those that were left out at some time since the message was claimed.
            blocking: dead letters that its relay knows of.
        """
        places = {one.event_id: place for place, one in enumerate(self.committed)}
        own = self.committed[places[event]]
        for earlier in self.committed[: places[event]]:
            if must_wait(own, earlier) and earlier.event_id not in self.arrived:
                self._check_earlier(own, earlier, excused)
        if self.on_poison is OnPoison.BLOCK:
            self._check_blocking(own, blocking)

    def _check_earlier(self, own: Recorded, earlier: Recorded, excused: Collection[int]) -> None:
        states = states_of_deliveries()
        if earlier.pk in excused or earlier.pk in self.left_out(states):
            self._overtaken.add((earlier.pk, own.pk))
        else:
            self.violations.append(
                f"{own} was sent before {earlier}, which is {states[earlier.pk]}"
            )

    def _check_blocking(self, own: Recorded, blocking: Collection[int]) -> None:
        states = states_of_deliveries() if blocking else {}
        self.violations += [
            f"{own} was sent although {one} is a dead letter"
            for one in self.committed
            if one.pk in blocking
            and one.pk < own.pk
            and one.subject.ordering.scope
            and states[one.pk] == DeliveryState.DEAD
        ]

    def check_end(self) -> None:
        """Check that nothing is open, and that each delivery ended and arrived as promised."""
        states = states_of_deliveries()
        assert set(states) == {one.pk for one in self.committed}
        for one in self.committed:
            self._check_final_state(one, states)
        assert list(self._disordered()) == []

    def _check_final_state(self, one: Recorded, states: States) -> None:
        state = states[one.pk]
        is_replaced = self.on_poison is OnPoison.SUPERSEDE and any(
            replaces(later, one) and states[later.pk] == DeliveryState.DELIVERED
            for later in self.committed
            if later is not one
        )
        if state == DeliveryState.DELIVERED:
            assert one.event_id in self.arrived
        elif state == DeliveryState.CANCELLED:
            assert one.pk in self.withdrawn or is_replaced
        else:
            assert state == DeliveryState.DEAD
            assert self.continues
            assert not is_replaced or one.pk in self.replayed

    def _disordered(self) -> Iterator[tuple[Recorded, Recorded]]:
        """Yield each pair that arrived in the other order, except where one was left out."""
        places = {event: place for place, event in enumerate(self.arrived)}
        arrived = [one for one in self.committed if one.event_id in places]
        for number, one in enumerate(arrived):
            for earlier in arrived[:number]:
                if (
                    places[one.event_id] < places[earlier.event_id]
                    and must_wait(one, earlier)
                    and (earlier.pk, one.pk) not in self._overtaken
                ):
                    yield earlier, one


def states_of_deliveries() -> States:
    """Return the state of each delivery."""
    return dict(Delivery.objects.values_list("pk", "state"))
