"""The reconciliation of the chaos test finds each discrepancy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chaos.outcomes import Outcome
from tests.chaos.reconciliation import (
    DeliveryEntry,
    Records,
    discrepancies,
    out_of_order,
    summarize,
)

GOOD: Mapping[str, Any] = {
    "outcomes": {
        "sent": Outcome.COMMITTED,
        "doubtful": Outcome.IN_DOUBT,
        "lost": Outcome.IN_DOUBT,
        "rolled back": Outcome.ROLLED_BACK,
        "aborted": Outcome.ABORTED,
    },
    "recorded": {"sent", "doubtful"},
    "deliveries": {
        "sent": DeliveryEntry(state="delivered", receipt="effect-1"),
        "doubtful": DeliveryEntry(state="delivered", receipt="effect-2"),
    },
    "receipts": {"sent": "effect-1", "doubtful": "effect-2"},
}


def found(**changes: Any) -> dict[str, tuple[str, ...]]:
    """Return the findings for consistent records with these changes."""
    return {entry.what: entry.events for entry in discrepancies(Records(**{**GOOD, **changes}))}


def with_delivery(state: str, receipt: str) -> dict[str, DeliveryEntry]:
    return {**GOOD["deliveries"], "sent": DeliveryEntry(state=state, receipt=receipt)}


def test_consistent_records_have_no_discrepancy_and_the_database_resolves_doubts() -> None:
    assert found() == {}
    figures = summarize(Records(**GOOD))
    assert figures["committed"] == figures["effects"] == 2
    assert figures["of these, known from the database only"] == 1
    assert figures["rolled back by database errors"] == 2


@pytest.mark.parametrize(
    ("changes", "what", "event"),
    [
        ({"receipts": {"doubtful": "effect-2"}}, "committed, but without an effect", "sent"),
        (
            {"receipts": {**GOOD["receipts"], "rolled back": "effect-3"}},
            "effect of an event that was not committed",
            "rolled back",
        ),
        (
            {"receipts": {**GOOD["receipts"], "stranger": "effect-3"}},
            "effect of an event that was not committed",
            "stranger",
        ),
        (
            {"recorded": {"sent", "doubtful", "rolled back"}},
            "rolled back, but recorded",
            "rolled back",
        ),
        ({"recorded": {"doubtful"}}, "committed, but lost by the database", "sent"),
        (
            {"deliveries": {"doubtful": GOOD["deliveries"]["doubtful"]}},
            "committed, but without a delivery",
            "sent",
        ),
        (
            {"deliveries": {**GOOD["deliveries"], "lost": GOOD["deliveries"]["sent"]}},
            "delivery of an event that was not committed",
            "lost",
        ),
        ({"deliveries": with_delivery("dead", "")}, "delivery dead at the end", "sent"),
        ({"deliveries": with_delivery("pending", "")}, "delivery pending at the end", "sent"),
        (
            {"deliveries": with_delivery("delivered", "effect-9")},
            "delivered with a receipt that the destination did not issue",
            "sent",
        ),
        ({"changed": {"sent"}}, "sent again with different content", "sent"),
    ],
)
def test_a_discrepancy_is_found_with_its_event(
    changes: dict[str, Any], what: str, event: str
) -> None:
    assert found(**changes)[what] == (event,)


@pytest.mark.parametrize(
    ("effects", "objects"),
    [
        (["a", "b", "x", "c"], []),
        (["x", "a", "c"], []),  # one is missing, which another finding says
        (["b", "a", "x", "c"], ["1"]),
        (["a", "c", "x", "b"], ["1"]),
    ],
)
def test_effects_that_are_not_in_the_order_of_commits_are_found(
    effects: list[str], objects: list[str]
) -> None:
    order = {"1": ["a", "b", "c"], "2": ["x"]}
    findings = [entry.what for entry in out_of_order(order, effects)]
    assert findings == [
        f"the effects of object {key} are not in the order of its commits" for key in objects
    ]
