"""The storm's account: whatever does not come out is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chaos.account import Books, DeliveryEntry, discrepancies, figures_of
from tests.chaos.ledger import Fate

GOOD: Mapping[str, Any] = {
    "fates": {
        "sent": Fate.COMMITTED,
        "told": Fate.IN_DOUBT,
        "untold": Fate.IN_DOUBT,
        "undone": Fate.ROLLED_BACK,
        "broken": Fate.ABORTED,
    },
    "recorded": {"sent", "told"},
    "deliveries": {
        "sent": DeliveryEntry(state="delivered", receipt="effect-1"),
        "told": DeliveryEntry(state="delivered", receipt="effect-2"),
    },
    "receipts": {"sent": "effect-1", "told": "effect-2"},
}


def found(**changes: Any) -> dict[str, tuple[str, ...]]:
    """Return what is found in good books with these changes."""
    return {entry.what: entry.events for entry in discrepancies(Books(**{**GOOD, **changes}))}


def with_delivery(state: str, receipt: str) -> dict[str, DeliveryEntry]:
    return {**GOOD["deliveries"], "sent": DeliveryEntry(state=state, receipt=receipt)}


def test_books_that_agree_have_no_discrepancy_and_doubts_are_settled_by_the_database() -> None:
    assert found() == {}
    figures = figures_of(Books(**GOOD))
    assert figures["committed"] == figures["effects"] == 2
    assert figures["of these, told only by the database"] == 1
    assert figures["rolled back by trouble with the database"] == 2


@pytest.mark.parametrize(
    ("changes", "what", "event"),
    [
        ({"receipts": {"told": "effect-2"}}, "committed, but without an effect", "sent"),
        (
            {"receipts": {**GOOD["receipts"], "undone": "effect-3"}},
            "effect of an event that nobody committed",
            "undone",
        ),
        (
            {"receipts": {**GOOD["receipts"], "stranger": "effect-3"}},
            "effect of an event that nobody committed",
            "stranger",
        ),
        ({"recorded": {"sent", "told", "undone"}}, "rolled back, but recorded", "undone"),
        ({"recorded": {"told"}}, "committed, but lost by the database", "sent"),
        (
            {"deliveries": {"told": GOOD["deliveries"]["told"]}},
            "committed, but without a delivery",
            "sent",
        ),
        (
            {"deliveries": {**GOOD["deliveries"], "untold": GOOD["deliveries"]["sent"]}},
            "delivery of an event that nobody committed",
            "untold",
        ),
        ({"deliveries": with_delivery("dead", "")}, "delivery dead in the end", "sent"),
        ({"deliveries": with_delivery("pending", "")}, "delivery pending in the end", "sent"),
        (
            {"deliveries": with_delivery("delivered", "effect-9")},
            "delivered with a receipt that the destination did not give",
            "sent",
        ),
        ({"changed": {"sent"}}, "sent again with another content", "sent"),
    ],
)
def test_a_discrepancy_is_found_and_names_the_event(
    changes: dict[str, Any], what: str, event: str
) -> None:
    assert found(**changes)[what] == (event,)
