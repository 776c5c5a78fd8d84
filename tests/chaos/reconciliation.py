"""Compare the records of the writers, the database and the destination."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import DeliveryState
from tests.chaos.effects import Effects
from tests.chaos.outcomes import Outcome, OutcomeLog
from tests.chaos.report import Figures, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEntry:
    """The state of one delivery."""

    state: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of each side at the end, by event id."""

    outcomes: Mapping[str, Outcome]
    """From the writers."""

    recorded: Collection[str]
    """From the database: the recorded events."""

    deliveries: Mapping[str, DeliveryEntry]
    """From the database: the deliveries, as settled by the relays."""

    receipts: Mapping[str, str]
    """From the destination: a receipt for each effect."""

    changed: Collection[str] = ()
    """From the destination: events that were sent again with different content."""

    @property
    def committed(self) -> set[str]:
        """Events that were committed, according to the writers, or to the database if in doubt."""
        return {
            event
            for event, outcome in self.outcomes.items()
            if outcome is Outcome.COMMITTED
            or (outcome is Outcome.IN_DOUBT and event in self.recorded)
        }


def read_records(publisher: str, outcome_log: OutcomeLog, effects: Effects) -> Records:
    """Return the records of all sides, as far as one publisher is concerned."""
    own = Delivery.objects.filter(publisher=publisher)
    rows = own.values_list("event_id", "state", "receipt_id")
    return Records(
        outcomes=outcome_log.outcomes,
        recorded={
            str(event)
            for event in ActionEvent.objects.filter(resource="todo").values_list("pk", flat=True)
        },
        deliveries={
            str(event): DeliveryEntry(state=state, receipt=receipt)
            for event, state, receipt in rows.iterator()
        },
        receipts=effects.receipts,
        changed=effects.changed,
    )


def order_of_deliveries(publisher: str) -> dict[str, list[str]]:
    """Return object key → the events of the object, in the order of their commits."""
    order: dict[str, list[str]] = defaultdict(list)
    rows = Delivery.objects.filter(publisher=publisher).order_by("pk")
    for key, event in rows.values_list("event__object_id", "event_id").iterator():
        order[key].append(str(event))
    return order


def out_of_order(order: Mapping[str, Sequence[str]], effects: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each object whose effects were not in the order of its commits.

    Args:
        order: object key → its events in the order of commits.
        effects: the events in the order of their first effect.
    """
    positions = {event: position for position, event in enumerate(effects)}
    for key, events in order.items():
        found = [positions[event] for event in events if event in positions]
        if found != sorted(found):
            yield Finding(what=f"the effects of object {key} are not in the order of its commits")


def summarize(records: Records) -> Figures:
    """Return the number of events by outcome."""
    outcomes = Counter(records.outcomes.values())
    in_doubt = {event for event, outcome in records.outcomes.items() if outcome is Outcome.IN_DOUBT}
    return {
        "committed": len(records.committed),
        "of these, known from the database only": len(in_doubt & records.committed),
        "rolled back on purpose": outcomes[Outcome.ROLLED_BACK],
        "rolled back by database errors": outcomes[Outcome.ABORTED]
        + len(in_doubt - records.committed),
        "effects": len(records.receipts),
    }


def discrepancies(records: Records) -> Iterator[Finding]:
    """Yield each deviation from one effect per committed event and none for any other event."""
    committed, receipts, deliveries = records.committed, set(records.receipts), records.deliveries
    rolled_back = {
        event
        for event, outcome in records.outcomes.items()
        if outcome in {Outcome.ROLLED_BACK, Outcome.ABORTED}
    }
    findings = {
        "committed, but lost by the database": committed - set(records.recorded),
        "rolled back, but recorded": rolled_back & set(records.recorded),
        "committed, but without a delivery": committed - set(deliveries),
        "delivery of an event that was not committed": set(deliveries) - committed,
        "committed, but without an effect": committed - receipts,
        "effect of an event that was not committed": receipts - committed,
        "sent again with different content": set(records.changed),
        "delivered with a receipt that the destination did not issue": {
            event
            for event, entry in deliveries.items()
            if entry.state == DeliveryState.DELIVERED
            and entry.receipt != records.receipts.get(event)
        },
    }
    for state in sorted({entry.state for entry in deliveries.values()} - {DeliveryState.DELIVERED}):
        findings[f"delivery {state} at the end"] = {
            event for event, entry in deliveries.items() if entry.state == state
        }
    for what, events in findings.items():
        if events:
            yield Finding(what=what, events=tuple(sorted(events)))
