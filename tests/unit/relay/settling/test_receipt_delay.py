"""The slower settling is, the longer receipts are collected, within limits."""

from __future__ import annotations

import pytest

from dj_actions.relay.settling.receipts import ReceiptDelay
from dj_actions.relay.tuning import RelayTuning


@pytest.mark.parametrize(
    ("settling", "expected"),
    [(0.0005, 0.05), (0.004, 0.2), (3, 0.5)],
    ids=["fast", "slow", "very slow"],
)
def test_a_lane_settles_for_a_fiftieth_of_its_time(settling: float, expected: float) -> None:
    delay = ReceiptDelay()
    assert delay.seconds == 0.05

    delay.record(settling)
    assert delay.seconds == pytest.approx(expected)


def test_a_database_that_is_fast_again_shortens_it() -> None:
    delay = ReceiptDelay()
    delay.record(3)
    delay.record(0.0005)
    assert delay.seconds == 0.05


def test_receipts_are_settled_at_once_if_none_may_wait() -> None:
    delay = ReceiptDelay(RelayTuning(min_receipt_delay=0, max_receipt_delay=0))
    delay.record(3)
    assert delay.seconds == 0
