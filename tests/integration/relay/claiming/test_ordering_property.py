"""Each ordering key arrives in the order of its commits, whatever fails or is killed meanwhile.

Hypothesis generates the runs. The relays are real lanes on their own threads and connections, but
only one of them moves at a time: each stops while it publishes a message, until the run decides
on the outcome. So every run is reproducible. At the end all move at once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from dj_actions.conf import get_settings
from dj_actions.policies import OnPoison
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.tuning import RelayTuning
from tests.fixtures.relay import RETRY
from tests.integration.relay.ordering.machine import RELAYS, WRITERS, DeliveryRun
from tests.integration.relay.ordering.relays import Relay
from tests.integration.relay.ordering.subjects import PUBLISHER
from tests.integration.relay.ordering.writers import LateWriter

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

EXAMPLES = int(os.environ.get("ORDERING_EXAMPLES", "12"))
"""Number of runs for each value of ON_POISON."""

RUNS = hypothesis_settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,  # the same runs each time
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.fixture
def make_lane() -> Iterator[Callable[[OnPoison, int, RelayTuning], Lane]]:
    """Yield a function that makes a lane of a publisher which keeps an order.

    It replaces the settings of the previous lane: within each other, those of hundreds of runs
    would exceed the depth of the stack.
    """
    overrides: list[override_settings] = []

    def make_lane(on_poison: OnPoison, batch_size: int, tuning: RelayTuning) -> Lane:
        entry = {
            "BACKEND": "tests.integration.relay.scripted.ScriptedPublisher",
            "RETRY": RETRY,
            "BATCH_SIZE": batch_size,
            "ORDERING": "key",
            "ON_POISON": on_poison.value,
            "ROUTES": ["todo.*"],
        }
        restore()
        overrides.append(override_settings(DJ_ACTIONS={"PUBLISHERS": {PUBLISHER: entry}}))
        overrides[-1].enable()
        return Lane(PUBLISHER, get_settings(), threading.Event(), tuning=tuning)

    def restore() -> None:
        if overrides:
            overrides.pop().disable()

    yield make_lane
    restore()


@pytest.fixture
def relays() -> Iterator[list[Relay]]:
    """Relays that have no lane yet."""
    relays = [Relay() for _ in range(RELAYS)]
    yield relays
    for relay in relays:
        relay.close()


@pytest.fixture
def writers() -> Iterator[list[LateWriter]]:
    writers = [LateWriter() for _ in range(WRITERS)]
    yield writers
    for writer in writers:
        writer.close()


@pytest.mark.parametrize("on_poison", list(OnPoison))
def test_each_ordering_key_arrives_in_the_order_of_its_commits(
    on_poison: OnPoison,
    relays: list[Relay],
    writers: list[LateWriter],
    make_lane: Callable[[OnPoison, int, RelayTuning], Lane],
) -> None:
    class Run(DeliveryRun):
        def __init__(self) -> None:
            super().__init__(on_poison, relays, writers, partial(make_lane, on_poison))

    run_state_machine_as_test(Run, settings=RUNS)
