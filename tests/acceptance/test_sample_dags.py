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
MAX_SECONDS = 30.0


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

    # The first run after a start imports what its tasks need.
    end_of([publisher.publish(make_message())])
    ids = tuple(map(str, range(OBJECTS)))
    bulk = publisher.publish(
        make_message(object_id=None, object_ids=ids, options={"dag_id": "todos_completed"})
    )
    started = time.monotonic()
    others = [publisher.publish(make_message()) for _ in range(OTHER_RUNS)]
    seconds = end_of(others) - started
    print(f"{OTHER_RUNS} runs beside a bulk action on {OBJECTS} objects: {seconds:.1f} s")  # noqa: T201
    assert seconds < MAX_SECONDS
    print(f"The bulk action: {end_of([bulk]) - started:.1f} s")  # noqa: T201
