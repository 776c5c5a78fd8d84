"""Failures with the same cause are one group, whatever ids and numbers their errors name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dj_actions.console.screens.causes import causes_of
from dj_actions.outbox.queries import FailedDelivery

AT = datetime(2026, 11, 27, tzinfo=UTC)


def failed(pk: int, message: str) -> FailedDelivery:
    error = {"kind": "rejected", "message": message}
    return FailedDelivery(pk=pk, publisher="feeds", at=AT, error=error)


@pytest.mark.parametrize(
    ("messages", "common"),
    [
        (("run 17 is too large", "run 18 is too large"), "is too large"),
        (("no DAG", "no DAG"), "no DAG"),
        (("", ""), ""),
    ],
)
def test_the_deliveries_of_a_cause_are_found_by_what_their_errors_share(
    messages: tuple[str, str], common: str
) -> None:
    (cause,) = causes_of([failed(number, text) for number, text in enumerate(messages, start=1)])
    assert cause.common_text == common
    assert all(common in message for message in messages)
    assert cause.selection == "1,2"
