"""The sample DAGs on a real Airflow: what a bulk action leaves to others."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from dj_actions_airflow import AirflowPublisher

from dj_actions.messages import Receipt
from dj_actions.states import RemoteState
from dj_actions.testing.contract import make_message
from example.launch.stack import Stack
from tests.acceptance.conftest import wait_for
from tests.acceptance.test_airflow_publisher import publisher_of

pytestmark = [pytest.mark.airflow, pytest.mark.postgres, pytest.mark.slow]

OBJECTS = 1000
OTHER_RUNS = 30
SECONDS = 30.0
"""How long the other runs may take, if they do not take longer without the bulk action."""


@pytest.fixture
def publisher(stack: Stack) -> Iterator[AirflowPublisher]:
    """A publisher that may trigger runs."""
    publisher = publisher_of(stack)
    yield publisher
    publisher.close()


def test_a_bulk_action_on_many_objects_starves_nobody(publisher: AirflowPublisher) -> None:
    def end_of(receipts: list[Receipt]) -> float:
        def succeeded() -> bool:
            states = [run.state for run in publisher.track(receipts)]
            assert RemoteState.FAILED not in states
            return all(state == RemoteState.SUCCEEDED for state in states)

        wait_for(succeeded, "The end of the runs")
        return time.monotonic()

    def seconds_of_others() -> float:
        started = time.monotonic()
        return end_of([publisher.publish(make_message()) for _ in range(OTHER_RUNS)]) - started

    # The first run after a start imports what its tasks need.
    end_of([publisher.publish(make_message())])
    alone = seconds_of_others()
    ids = tuple(map(str, range(OBJECTS)))
    bulk = publisher.publish(
        make_message(object_id=None, object_ids=ids, options={"dag_id": "todos_completed"})
    )
    started = time.monotonic()
    loaded = seconds_of_others()
    print(  # noqa: T201 - the figures are of interest, too
        f"{OTHER_RUNS} runs: {alone:.1f} s alone, {loaded:.1f} s during a bulk action on "
        f"{OBJECTS} objects, which took {end_of([bulk]) - started:.1f} s"
    )
    assert loaded < max(SECONDS, 2 * alone)
