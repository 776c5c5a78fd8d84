"""Which runs have changed since a time, as far as a server says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.routing.conversion import dag_run_id

from dj_actions.exceptions import PublisherMisconfigured, PublishError, PublisherUnavailable
from dj_actions.messages import RemoteRun
from dj_actions.states import RemoteState
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of, serve
from tests.fixtures.scripted_server import Fault, Step, as_json, as_page
from tests.integration.airflow.tracked_destination import TrackedAirflow, event_of


@pytest.fixture
def airflow(direct_connections: None) -> Iterator[TrackedAirflow]:
    yield from serve(TrackedAirflow())


@pytest.fixture
def publisher(airflow: TrackedAirflow) -> AirflowPublisher:
    return airflow.make()


def new_run() -> str:
    return dag_run_id(make_message())


def test_runs_are_listed_that_have_changed_since(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    before, after = new_run(), new_run()
    airflow.change("reports", before, "success")
    since = airflow.now + timedelta(seconds=1)
    airflow.now += timedelta(seconds=2)
    airflow.change("reports", after, "failed")
    airflow.change("reports", "manual__1", "failed")

    ended = RemoteRun(state=RemoteState.FAILED, detail="failed", duration=7.0, ended_at=airflow.now)
    assert publisher.changed_since(since) == {event_of(after): [ended]}


def test_a_run_that_was_cleared_is_listed_without_its_earlier_end(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    run = new_run()
    airflow.change("reports", run, "queued", end_date=airflow.now.isoformat(), duration=3)

    assert publisher.changed_since(airflow.now) == {
        event_of(run): [RemoteRun(state=RemoteState.RUNNING, detail="queued")]
    }


def test_all_runs_of_an_event_are_listed(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    run = new_run()
    airflow.change("reports", run, "success")
    airflow.change("others", run, "running")
    airflow.change("reports", f"{run}-2", "queued")
    changed = publisher.changed_since(airflow.now)

    assert changed is not None
    assert [[one.detail for one in runs] for runs in changed.values()] == [
        ["success", "running", "queued"]
    ]


def test_pages_are_read_to_the_end(airflow: TrackedAirflow, publisher: AirflowPublisher) -> None:
    airflow.page_limit = 10
    runs = [new_run() for _ in range(35)]
    for run in runs:
        airflow.change("reports", run, "success")
    changed = publisher.changed_since(airflow.now)

    assert changed is not None
    assert set(changed) == set(map(event_of, runs))
    assert airflow.server.count("GET", "/dagRuns") == 4


def test_large_payloads_are_read_in_smaller_pages(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    for _ in range(20):
        airflow.change("reports", new_run(), "success", conf={"x": "y" * 250_000})
    changed = publisher.changed_since(airflow.now)

    assert changed is not None
    assert len(changed) == 20


def test_an_older_server_is_asked_by_the_pattern_that_it_knows(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.version = "3.1.8"
    run = new_run()
    airflow.change("reports", run, "success")
    airflow.change("reports", "manual__1", "success")
    changed = publisher.changed_since(airflow.now)

    assert changed is not None
    assert list(changed) == [event_of(run)]


def test_a_server_that_would_list_all_runs_is_not_asked(
    airflow: TrackedAirflow, publisher: AirflowPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    airflow.version = "3.0.6"
    airflow.change("reports", "manual__1", "success")
    airflow.change("reports", new_run(), "success")

    for _ in range(2):
        assert publisher.changed_since(airflow.now) is None
    assert airflow.server.count("GET", "/dagRuns") == 0
    assert [record.args for record in caplog.records] == [("3.0.6",)]


def test_a_server_that_does_not_say_its_version_is_not_asked(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.server.script(as_json({"detail": "Forbidden"}, 403), at="/version")

    assert publisher.changed_since(airflow.now) is None
    assert airflow.server.count("GET", "/dagRuns") == 0


def test_a_server_that_was_upgraded_is_asked(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    airflow.version = "3.0.6"
    assert publisher.changed_since(airflow.now) is None
    airflow.version = "3.3.2"
    airflow.server.script(Fault.CUT, at="/details")
    failure_of(lambda: publisher.publish(make_message()))

    assert publisher.changed_since(airflow.now) == {}


def test_too_many_changes_are_not_read(
    airflow: TrackedAirflow, publisher: AirflowPublisher
) -> None:
    many = as_json(
        {"dag_runs": [{"dag_run_id": new_run(), "state": "success"}], "total_entries": 10**6}
    )
    airflow.server.script(many, at="/dagRuns")

    assert publisher.changed_since(airflow.now) is None
    assert airflow.server.count("GET", "/dagRuns") == 1


@pytest.mark.parametrize(
    ("step", "ours"),
    [
        (Fault.CUT, PublisherUnavailable),
        (as_page(200), PublisherUnavailable),
        (as_json({}), PublisherUnavailable),
        (as_json({"dag_runs": [7], "total_entries": 1}), PublisherUnavailable),
        (as_page(503), PublisherUnavailable),
        (as_json({"detail": "Forbidden"}, 403), PublisherMisconfigured),
    ],
)
def test_an_answer_that_is_no_list_is_an_error(
    airflow: TrackedAirflow, publisher: AirflowPublisher, step: Step, ours: type[PublishError]
) -> None:
    publisher.changed_since(airflow.now)
    airflow.server.script(step, at="/dagRuns")

    error = failure_of(lambda: publisher.changed_since(airflow.now))
    assert type(error) is ours
    assert str(error).startswith("Airflow")
