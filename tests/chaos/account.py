"""The account: what was written, what became of it, and whether the two agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import DeliveryState
from tests.chaos.effects import Effects
from tests.chaos.ledger import Fate, Ledger
from tests.chaos.report import Figures, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEntry:
    """How one delivery stands."""

    state: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What each side says, by event id, once nothing moves any more."""

    fates: Mapping[str, Fate]
    """The writers'."""

    recorded: Collection[str]
    """The database's: the events that are there."""

    deliveries: Mapping[str, DeliveryEntry]
    """The relays'."""

    receipts: Mapping[str, str]
    """The destination's: one for each effect."""

    changed: Collection[str] = ()
    """The destination's: what came again with another content."""

    @property
    def committed(self) -> set[str]:
        """Events that count: the writer knows, or was in doubt and the database tells."""
        return {
            event
            for event, fate in self.fates.items()
            if fate is Fate.COMMITTED or (fate is Fate.IN_DOUBT and event in self.recorded)
        }


def read_books(ledger: Ledger, effects: Effects) -> Books:
    """Read all sides."""
    rows = Delivery.objects.values_list("event_id", "state", "receipt_id")
    return Books(
        fates=ledger.fates,
        recorded={str(event) for event in ActionEvent.objects.values_list("pk", flat=True)},
        deliveries={
            str(event): DeliveryEntry(state=state, receipt=receipt)
            for event, state, receipt in rows.iterator()
        },
        receipts=effects.receipts,
        changed=effects.changed,
    )


def figures_of(books: Books) -> Figures:
    """Count what the writers wrote, and what they were in doubt about."""
    fates = Counter(books.fates.values())
    doubted = {event for event, fate in books.fates.items() if fate is Fate.IN_DOUBT}
    return {
        "committed": len(books.committed),
        "of these, told only by the database": len(doubted & books.committed),
        "rolled back on purpose": fates[Fate.ROLLED_BACK],
        "rolled back by trouble with the database": fates[Fate.ABORTED]
        + len(doubted - books.committed),
        "effects": len(books.receipts),
    }


def discrepancies(books: Books) -> Iterator[Finding]:
    """Yield whatever contradicts one effect for each committed event, none for any other."""
    committed, receipts, deliveries = books.committed, set(books.receipts), books.deliveries
    undone = {
        event for event, fate in books.fates.items() if fate in {Fate.ROLLED_BACK, Fate.ABORTED}
    }
    findings = {
        "committed, but lost by the database": committed - set(books.recorded),
        "rolled back, but recorded": undone & set(books.recorded),
        "committed, but without a delivery": committed - set(deliveries),
        "delivery of an event that nobody committed": set(deliveries) - committed,
        "committed, but without an effect": committed - receipts,
        "effect of an event that nobody committed": receipts - committed,
        "sent again with another content": set(books.changed),
        "delivered with a receipt that the destination did not give": {
            event
            for event, entry in deliveries.items()
            if entry.state == DeliveryState.DELIVERED and entry.receipt != books.receipts.get(event)
        },
    }
    for state in sorted({entry.state for entry in deliveries.values()} - {DeliveryState.DELIVERED}):
        findings[f"delivery {state} in the end"] = {
            event for event, entry in deliveries.items() if entry.state == state
        }
    for what, events in findings.items():
        if events:
            yield Finding(what=what, events=tuple(sorted(events)))
