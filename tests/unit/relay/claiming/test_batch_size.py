"""How many deliveries a lane claims at once."""

from __future__ import annotations

import pytest

from dj_actions.relay.claiming.batch_size import BatchSize
from dj_actions.relay.tuning import RelayTuning

TUNING = RelayTuning(initial_batch_size=10, min_batch_size=4, max_batch_seconds=1.0)
QUICK, MODERATE, SLOW = 0.1, 0.7, 1.5


def batch_size(maximum: int = 100) -> BatchSize:
    return BatchSize(maximum, TUNING)


def test_it_grows_up_to_its_maximum_while_full_batches_are_quick() -> None:
    size = batch_size(50)
    seen = []
    for _ in range(4):
        seen.append(size.current)
        size.record(size.current, seconds=QUICK)
    assert seen == [10, 20, 40, 50]


@pytest.mark.parametrize(("deliveries", "seconds"), [(9, QUICK), (10, MODERATE)])
def test_it_stays_when_a_batch_is_not_full_or_not_quick(deliveries: int, seconds: float) -> None:
    size = batch_size()
    size.record(deliveries, seconds=seconds)
    assert size.current == 10


def test_it_shrinks_to_its_smallest_size_when_batches_are_slow() -> None:
    size = batch_size()
    for _ in range(2):
        size.record(size.current, seconds=QUICK)
    seen = []
    for _ in range(5):
        size.record(size.current, seconds=SLOW)
        seen.append(size.current)
    assert seen == [20, 10, 5, 4, 4]


def test_a_slow_batch_that_is_not_full_counts() -> None:
    size = batch_size()
    size.record(10, seconds=QUICK)
    size.record(1, seconds=SLOW)
    assert size.current == 10


def test_a_maximum_below_the_initial_size_is_the_size() -> None:
    size = batch_size(3)
    size.record(3, seconds=QUICK)
    assert size.current == 3
    size.record(3, seconds=SLOW)
    assert size.current == 3


def test_it_does_not_shrink_below_what_the_publisher_needs() -> None:
    size = BatchSize(100, TUNING, minimum=30)
    assert size.current == 30
    size.record(30, seconds=SLOW)
    assert size.current == 30


def test_a_maximum_below_what_the_publisher_needs_is_the_size() -> None:
    assert BatchSize(20, TUNING, minimum=30).current == 20
