"""Runs that are already there, and runs that are followed to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.runs import dag_run_conf, dag_run_id

from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Receipt
from dj_actions.states import RemoteState
from dj_actions.testing.contract import make_message
from tests.integration.vendor_faults.failures import failure_of
from tests.integration.vendor_faults.server import Answer, Fault, FaultyServer, as_json, as_page
from tests.integration.vendor_faults.vendors import Airflow

Make = Callable[..., AirflowPublisher]

CONFLICT = as_json({"detail": {"reason": "Unique constraint violation"}}, 409)


def receipt_of(run_id: str, dag_id: str = "reports") -> Receipt:
    return Receipt(id=run_id, scope=dag_id, tracked=True)


def test_publishing_again_is_one_run_and_the_same_receipt(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    publisher, message = make_airflow_publisher(), make_message()
    first = publisher.publish(message)
    second = publisher.publish(replace(message, attempt=2))

    assert first == second
    assert len(airflow.runs) == 1


@pytest.mark.parametrize("answer", [Fault.LOSE, Answer(body=b"{", missing=9), as_page(502)])
def test_after_a_lost_answer_there_is_one_run_and_its_receipt(
    airflow: Airflow,
    airflow_server: FaultyServer,
    make_airflow_publisher: Make,
    answer: Answer | Fault,
) -> None:
    publisher, message = make_airflow_publisher(), make_message()
    airflow_server.fail(answer, at="/dagRuns")
    error = failure_of(lambda: publisher.publish(message))
    receipt = publisher.publish(replace(message, attempt=2))

    assert type(error) is PublisherUnavailable
    assert (receipt.id, receipt.scope, receipt.tracked) == (dag_run_id(message), "reports", True)
    assert len(airflow.runs) == 1


def test_a_state_of_a_newer_server_is_delivered_by_the_next_try(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    """The client's models refuse such an answer, after the run has begun."""
    publisher, message = make_airflow_publisher(), make_message()
    run = airflow.add_run("reports", dag_run_id(message), dag_run_conf(message), state="pondering")
    airflow_server.fail(as_json(run), at="/dagRuns")
    error = failure_of(lambda: publisher.publish(message))

    assert type(error) is PublisherUnavailable
    assert publisher.publish(message).id == dag_run_id(message)


@pytest.mark.parametrize("conf", [None, {}, {"id": "another"}])
def test_a_run_that_is_not_ours_rejects_the_message(
    airflow: Airflow, make_airflow_publisher: Make, conf: object
) -> None:
    message = make_message()
    airflow.add_run("reports", dag_run_id(message), conf)
    publisher = make_airflow_publisher()
    error = failure_of(lambda: publisher.publish(message))

    assert type(error) is PublishRejected
    assert dag_run_id(message) in str(error)
    assert "not ours" in str(error)


def test_the_same_message_in_another_dag_is_no_conflict(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    publisher, message = make_airflow_publisher(), make_message()
    first = publisher.publish(message)
    second = publisher.publish(replace(message, options={"dag_id": "other"}))

    assert (first.scope, second.scope) == ("reports", "other")
    assert len(airflow.runs) == 2


def test_a_conflict_with_a_run_that_is_gone_by_then_is_tried_again(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    publisher, message = make_airflow_publisher(), make_message()
    airflow_server.fail(CONFLICT, at="/dagRuns")
    error = failure_of(lambda: publisher.publish(message))

    assert type(error) is PublisherUnavailable
    assert publisher.publish(message).id == dag_run_id(message)


def test_a_conflict_that_cannot_be_looked_at_is_tried_again(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    publisher, message = make_airflow_publisher(), make_message()
    publisher.publish(message)
    airflow_server.fail(CONFLICT, as_page(502), at="/dagRuns")

    assert type(failure_of(lambda: publisher.publish(message))) is PublisherUnavailable


def test_a_hundred_runs_are_asked_about_in_one_request(
    airflow_server: FaultyServer, make_airflow_publisher: Make, airflow: Airflow
) -> None:
    ids = [dag_run_id(make_message()) for _ in range(100)]
    for run_id in ids:
        airflow.add_run("reports", run_id, state="success")
    runs = make_airflow_publisher().track([receipt_of(run_id) for run_id in ids])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED] * 100
    assert airflow_server.count("GET", "/dagRuns") == 1


def test_more_rows_than_fit_a_page_are_all_read(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow.page_limit = 4
    ids = [dag_run_id(make_message()) for _ in range(10)]
    for run_id in ids:
        airflow.add_run("reports", run_id, state="failed")
    runs = make_airflow_publisher().track([receipt_of(run_id) for run_id in ids])

    assert [run.state for run in runs] == [RemoteState.FAILED] * 10
    assert airflow_server.count("GET", "/dagRuns") == 3


def test_a_server_that_miscounts_is_not_asked_forever(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow_server.fail(as_json({"dag_runs": [], "total_entries": 7}), at="/dagRuns")
    runs = make_airflow_publisher().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.LOST]
    assert airflow_server.count("GET", "/dagRuns") == 1


def test_each_receipt_has_its_own_answer_in_order(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    for run_id, state in [("c", "success"), ("a", "failed"), ("b", "running"), ("d", "queued")]:
        airflow.add_run("reports", run_id, state=state)
    receipts = [receipt_of(run_id) for run_id in ("a", "b", "gone", "c", "d")]

    assert [(run.state, run.detail) for run in make_airflow_publisher().track(receipts)] == [
        (RemoteState.FAILED, "failed"),
        (RemoteState.RUNNING, "running"),
        (RemoteState.LOST, "not found"),
        (RemoteState.SUCCEEDED, "success"),
        (RemoteState.RUNNING, "queued"),
    ]


def test_runs_whose_ids_only_begin_alike_are_told_apart(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    airflow.add_run("reports", "djactions-10", state="failed")
    airflow.add_run("reports", "djactions-1", state="success")
    runs = make_airflow_publisher().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED]


def test_a_run_of_another_dag_is_not_the_one(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    airflow.add_run("other", "djactions-1", state="success")
    runs = make_airflow_publisher().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.LOST]


def test_a_state_of_a_newer_server_still_runs(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    airflow.add_run("reports", "djactions-1", state="pondering")
    airflow.add_run("reports", "djactions-2", state="success")
    runs = make_airflow_publisher().track([receipt_of("djactions-1"), receipt_of("djactions-2")])

    assert [(run.state, run.detail) for run in runs] == [
        (RemoteState.RUNNING, "pondering"),
        (RemoteState.SUCCEEDED, "success"),
    ]


@pytest.mark.parametrize(
    ("fault", "ours"),
    [
        pytest.param(Fault.HANG, PublisherUnavailable, id="hang"),
        pytest.param(Fault.CUT, PublisherUnavailable, id="cut"),
        pytest.param(Answer(body=b"{", missing=9), PublisherUnavailable, id="cut body"),
        pytest.param(as_page(500), PublisherUnavailable, id="500"),
        pytest.param(as_page(502), PublisherUnavailable, id="502"),
        pytest.param(as_page(200), PublisherUnavailable, id="page"),
        pytest.param(Answer(), PublisherUnavailable, id="nothing"),
        pytest.param(as_json(None), PublisherUnavailable, id="null"),
        pytest.param(as_json([]), PublisherUnavailable, id="list"),
        pytest.param(as_json({}), PublisherUnavailable, id="empty object"),
        pytest.param(as_json({"dag_runs": {}}), PublisherUnavailable, id="runs that are no list"),
        pytest.param(as_json({"dag_runs": [{}]}), PublisherUnavailable, id="no count"),
        pytest.param(
            as_json({"dag_runs": [{}], "total_entries": 1}), PublisherUnavailable, id="empty run"
        ),
        pytest.param(
            as_json({"dag_runs": [{"dag_run_id": "djactions-1"}], "total_entries": 1}),
            PublisherUnavailable,
            id="half a run",
        ),
        pytest.param(as_json({"dag_runs": [7], "total_entries": 1}), PublisherUnavailable, id="7"),
        pytest.param(as_page(302, location="/login"), PublisherMisconfigured, id="302"),
        pytest.param(as_json({"detail": "Forbidden"}, 403), PublisherMisconfigured, id="403"),
        pytest.param(as_page(404), PublisherMisconfigured, id="404"),
        pytest.param(as_page(429, retry_after="7"), RateLimited, id="429"),
    ],
)
def test_runs_that_cannot_be_asked_about_are_not_lost(
    airflow_server: FaultyServer,
    make_airflow_publisher: Make,
    fault: Answer | Fault,
    ours: type[PublishError],
) -> None:
    publisher = make_airflow_publisher(timeout=0.2)
    airflow_server.fail(fault, at="/dagRuns")
    error = failure_of(lambda: publisher.track([receipt_of("djactions-1")]))

    assert type(error) is ours
    assert str(error).startswith("Airflow")


def test_throttled_tracking_says_how_long(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow_server.fail(as_page(429, retry_after="7"), at="/dagRuns")
    error = failure_of(lambda: make_airflow_publisher().track([receipt_of("djactions-1")]))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 7.0
