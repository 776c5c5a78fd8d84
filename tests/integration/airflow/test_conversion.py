"""Runs that exist already, and runs that are tracked to their end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dj_actions_airflow.routing.conversion import dag_run_conf, dag_run_id

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
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import (
    Answer,
    Fault,
    Request,
    Step,
    as_json,
    as_page,
    timeout_for,
)
from tests.fixtures.unbounded import DRIPS, TOO_LARGE
from tests.integration.airflow.destination import AirflowDestination

CONFLICT = as_json({"detail": {"reason": "Unique constraint violation"}}, 409)


def receipt_of(run_id: str, dag_id: str = "reports") -> Receipt:
    return Receipt(id=run_id, scope=dag_id, tracked=True)


def test_publishing_again_is_one_run_and_the_same_receipt(destination: AirflowDestination) -> None:
    publisher, message = destination.make(), make_message()
    first = publisher.publish(message)
    second = publisher.publish(replace(message, attempt=2))

    assert first == second
    assert len(destination.runs) == 1


@pytest.mark.parametrize("answer", [Fault.LOSE, Answer(body=b"{", missing=9), as_page(502)])
def test_after_a_lost_response_there_is_one_run_and_its_receipt(
    destination: AirflowDestination,
    answer: Answer | Fault,
) -> None:
    publisher, message = destination.make(), make_message()
    destination.server.script(answer, at="/dagRuns")
    error = failure_of(lambda: publisher.publish(message))
    receipt = publisher.publish(replace(message, attempt=2))

    assert type(error) is PublisherUnavailable
    assert (receipt.id, receipt.scope, receipt.tracked) == (dag_run_id(message), "reports", True)
    assert len(destination.runs) == 1


def test_a_run_in_a_state_of_a_newer_server_is_triggered(destination: AirflowDestination) -> None:
    """The client's models would refuse such a response, after the run has begun."""
    publisher, message = destination.make(), make_message()
    run = destination.add_run(
        "reports", dag_run_id(message), dag_run_conf(message), state="pondering"
    )
    destination.server.script(as_json(run), at="/dagRuns")

    assert publisher.publish(message).id == dag_run_id(message)


@pytest.mark.parametrize("conf", [None, {}, {"id": "another"}])
def test_a_run_that_is_not_ours_rejects_the_message(
    destination: AirflowDestination, conf: object
) -> None:
    message = make_message()
    destination.add_run("reports", dag_run_id(message), conf)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(message))

    assert type(error) is PublishRejected
    assert dag_run_id(message) in str(error)
    assert "not ours" in str(error)


def test_the_same_message_in_another_dag_is_no_conflict(destination: AirflowDestination) -> None:
    publisher, message = destination.make(), make_message()
    first = publisher.publish(message)
    second = publisher.publish(replace(message, options={"dag_id": "other"}))

    assert (first.scope, second.scope) == ("reports", "other")
    assert len(destination.runs) == 2


def test_a_conflict_with_a_run_that_is_gone_by_then_is_retried(
    destination: AirflowDestination,
) -> None:
    publisher, message = destination.make(), make_message()
    destination.server.script(CONFLICT, at="/dagRuns")
    error = failure_of(lambda: publisher.publish(message))

    assert type(error) is PublisherUnavailable
    assert publisher.publish(message).id == dag_run_id(message)


def test_a_conflict_that_cannot_be_compared_is_retried(destination: AirflowDestination) -> None:
    publisher, message = destination.make(), make_message()
    publisher.publish(message)
    destination.server.script(CONFLICT, as_page(502), at="/dagRuns")

    assert type(failure_of(lambda: publisher.publish(message))) is PublisherUnavailable


def test_a_hundred_runs_are_listed_in_one_request(destination: AirflowDestination) -> None:
    ids = [dag_run_id(make_message()) for _ in range(100)]
    for run_id in ids:
        destination.add_run("reports", run_id, state="success")
    runs = destination.make().track([receipt_of(run_id) for run_id in ids])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED] * 100
    assert destination.server.count("GET", "/dagRuns") == 1


def test_more_rows_than_fit_a_page_are_all_read(destination: AirflowDestination) -> None:
    destination.page_limit = 4
    ids = [dag_run_id(make_message()) for _ in range(10)]
    for run_id in ids:
        destination.add_run("reports", run_id, state="success")
    runs = destination.make().track([receipt_of(run_id) for run_id in ids])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED] * 10
    assert destination.server.count("GET", "/dagRuns") == 3


def test_a_server_that_miscounts_gets_no_further_request(destination: AirflowDestination) -> None:
    destination.server.script(as_json({"dag_runs": [], "total_entries": 7}), at="/dagRuns")
    runs = destination.make().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.LOST]
    assert destination.server.count("GET", "/dagRuns") == 1


def test_each_receipt_has_its_own_state_in_order(destination: AirflowDestination) -> None:
    for run_id, state in [("c", "success"), ("a", "failed"), ("b", "running"), ("d", "queued")]:
        destination.add_run("reports", run_id, state=state)
    receipts = [receipt_of(run_id) for run_id in ("a", "b", "gone", "c", "d")]

    assert [(run.state, run.detail) for run in destination.make().track(receipts)] == [
        (RemoteState.FAILED, "failed"),
        (RemoteState.RUNNING, "running"),
        (RemoteState.LOST, "not found"),
        (RemoteState.SUCCEEDED, "success"),
        (RemoteState.RUNNING, "queued"),
    ]


def test_runs_whose_ids_only_begin_alike_are_distinguished(destination: AirflowDestination) -> None:
    destination.add_run("reports", "djactions-10", state="failed")
    destination.add_run("reports", "djactions-1", state="success")
    runs = destination.make().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED]


def test_a_run_of_another_dag_is_not_the_one(destination: AirflowDestination) -> None:
    destination.add_run("other", "djactions-1", state="success")
    runs = destination.make().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.LOST]


def test_a_state_of_a_newer_server_still_runs(destination: AirflowDestination) -> None:
    destination.add_run("reports", "djactions-1", state="pondering")
    destination.add_run("reports", "djactions-2", state="success")
    runs = destination.make().track([receipt_of("djactions-1"), receipt_of("djactions-2")])

    assert [(run.state, run.detail) for run in runs] == [
        (RemoteState.RUNNING, "pondering"),
        (RemoteState.SUCCEEDED, "success"),
    ]


def test_large_payloads_are_listed_in_smaller_pages(destination: AirflowDestination) -> None:
    ids = [dag_run_id(make_message()) for _ in range(100)]
    for run_id in ids:
        destination.add_run("reports", run_id, {"x": "y" * 250_000}, state="success")
    runs = destination.make().track([receipt_of(run_id) for run_id in ids])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED] * 100
    assert 25 <= destination.server.count("GET", "/dagRuns") <= 50


def test_a_list_ends_when_all_runs_were_found(destination: AirflowDestination) -> None:
    run = {"dag_id": "reports", "dag_run_id": "djactions-1", "state": "running"}
    page = as_json({"dag_runs": [run] * 100, "total_entries": 10**9})
    destination.server.script(*[page] * 1000, at="/dagRuns")
    runs = destination.make().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.RUNNING]
    assert destination.server.count("GET", "/dagRuns") == 1


def test_a_list_that_repeats_itself_is_not_read_to_its_end(destination: AirflowDestination) -> None:
    """A proxy that ignores the offset must not make a run lost."""
    destination.add_run("reports", "djactions-1", state="running")
    destination.add_run("reports", "djactions-2", state="success")
    page = as_json({"dag_runs": [destination.runs["reports", "djactions-1"]], "total_entries": 9})
    destination.server.script(page, page, at="/dagRuns")
    runs = destination.make().track([receipt_of("djactions-1"), receipt_of("djactions-2")])

    assert [run.state for run in runs] == [RemoteState.RUNNING, RemoteState.SUCCEEDED]
    assert destination.server.count("GET", "/dagRuns") == 3


@pytest.mark.parametrize("state", ["queued", "running"])
def test_runs_that_have_not_ended_are_counted_and_not_listed(
    destination: AirflowDestination, state: str
) -> None:
    ids = [f"djactions-{number:03}" for number in range(100)]
    for number, run_id in enumerate(ids):
        destination.add_run("reports", run_id, state="success" if number < 3 else state)
    runs = destination.make().track([receipt_of(run_id) for run_id in ids])

    assert [run.detail for run in runs] == ["success"] * 3 + [state] * 97
    asked = [request.query for request in destination.server.requests if "limit" in request.query]
    assert [query["state"] for query in asked] == [["success", "failed"], ["queued"], ["running"]]
    assert [query["limit"] for query in asked] == [["100"], ["1"], ["1"]]


def is_list(request: Request) -> bool:
    return request.method == "GET" and request.path.endswith("/dagRuns")


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("state", ["queued", "pondering"])
def test_runs_in_several_states_are_listed(
    destination: AirflowDestination, state: str, missing: int
) -> None:
    ids = [f"djactions-{number:03}" for number in range(100)]
    for number, run_id in enumerate(ids[missing:]):
        destination.add_run("reports", run_id, state=("failed", "running", state)[number % 3])
    runs = destination.make().track([receipt_of(run_id) for run_id in ids])

    details = [run.detail for run in runs]
    assert details[:missing] == ["not found"] * missing
    assert details[missing:] == [("failed", "running", state)[n % 3] for n in range(100 - missing)]
    lists = [request for request in destination.server.requests if is_list(request)]
    assert len(lists) == 4


def test_a_run_of_another_dag_with_the_same_id_does_not_count(
    destination: AirflowDestination,
) -> None:
    ids = [f"djactions-{number:03}" for number in range(20)]
    for run_id in ids[1:]:
        destination.add_run("reports", run_id, state="running")
    destination.add_run("other", ids[0], state="running")
    runs = destination.make().track([receipt_of(run_id) for run_id in ids])

    assert [run.state for run in runs] == [RemoteState.LOST] + [RemoteState.RUNNING] * 19


def test_runs_of_several_dags_are_counted_for_each(destination: AirflowDestination) -> None:
    receipts = [
        receipt_of(f"djactions-{number:03}", dag_id)
        for number, dag_id in enumerate(["reports"] * 20 + ["other"] * 20 + ["rare"] * 2)
    ]
    for number, receipt in enumerate(receipts):
        state = "queued" if receipt.scope == "other" else "running"
        destination.add_run(receipt.scope, receipt.id, state=state if number else "success")
    runs = destination.make().track(receipts)

    assert [run.detail for run in runs] == (
        ["success"] + ["running"] * 19 + ["queued"] * 20 + ["running"] * 2
    )
    assert destination.server.count("GET", "/dags/~/dagRuns") == 2
    assert destination.server.count("GET", "/dagRuns") == 6


def test_pages_with_one_wanted_run_each_end(destination: AirflowDestination) -> None:
    for page in range(1000):
        listed = [
            {"dag_id": "reports", "dag_run_id": f"djactions-{page}-{number}", "state": "running"}
            for number in range(10)
        ]
        answer = as_json({"dag_runs": listed, "total_entries": 10**9})
        destination.server.script(answer, at="/dags/~/dagRuns")
    wanted = [receipt_of(f"djactions-{page}-0") for page in range(10)]
    wanted += [receipt_of(f"djactions-none-{number}") for number in range(10)]
    destination.make().track(wanted)

    assert destination.server.count("GET", "/dags/~/dagRuns") == 11
    assert destination.server.count("GET", "/dagRuns/") == 10


@pytest.mark.parametrize("version", ["3.0.6", "3.1.8", "3.2.1", "unknown", ""])
def test_an_older_server_returns_each_run_by_itself(
    destination: AirflowDestination, version: str
) -> None:
    """It ignores the pattern of ids, and would list every run that it has."""
    destination.version = version
    for number in range(500):
        destination.add_run("reports", f"other-{number}")
    destination.add_run("reports", "djactions-1", state="failed")
    receipts = [receipt_of("djactions-1"), receipt_of("djactions-2")]
    runs = destination.make().track(receipts)

    assert [run.state for run in runs] == [RemoteState.FAILED, RemoteState.LOST]
    assert destination.server.count("GET", "/dags/~/dagRuns") == 0
    assert destination.server.count("GET", "/dagRuns/djactions-1/taskInstances") == 1  # the reason
    assert destination.server.count("GET", "/dagRuns/") == 2 + 1


def test_a_newer_server_that_ignores_the_pattern_is_noticed(
    destination: AirflowDestination,
) -> None:
    for page in range(1000):
        listed = [
            {"dag_id": "reports", "dag_run_id": f"{page}-{number}", "state": "running"}
            for number in range(10)
        ]
        answer = as_json({"dag_runs": listed, "total_entries": 10**9})
        destination.server.script(answer, at="/dags/~/dagRuns")
    destination.add_run("reports", "djactions-1", state="success")
    runs = destination.make().track([receipt_of("djactions-1")])

    assert [run.state for run in runs] == [RemoteState.SUCCEEDED]
    assert destination.server.count("GET", "/dagRuns") == 2


@pytest.mark.parametrize("name", ["a gigabyte", "a gzip bomb", "endless chunks"])
def test_a_list_that_is_too_large_ends(destination: AirflowDestination, name: str) -> None:
    destination.server.script(*[TOO_LARGE[name]] * 1000, at="/dagRuns")
    error = failure_of(lambda: destination.make().track([receipt_of("djactions-1")]))

    assert type(error) is PublisherUnavailable
    assert str(error).startswith("Airflow did not list its runs: the response has more than")


def test_a_payload_as_large_as_allowed_is_confirmed(destination: AirflowDestination) -> None:
    """Airflow returns it with the run."""
    publisher = destination.make(max_conf_bytes=8_000_000)
    message = make_message(data={"x": "y" * 7_000_000})

    assert publisher.publish(message) == publisher.publish(message)
    assert len(destination.runs) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(as_json({}), id="empty object"),
        pytest.param(as_json([]), id="list"),
        pytest.param(as_json({"dag_run_id": "another", "conf": {}}), id="another run"),
        pytest.param(as_page(200), id="page"),
        pytest.param(DRIPS["a body"], id="drip"),
        pytest.param(TOO_LARGE["a gzip bomb"], id="bomb"),
    ],
)
def test_a_conflict_with_a_run_that_cannot_be_read_is_retried(
    destination: AirflowDestination, answer: Step
) -> None:
    destination.server.script(CONFLICT, answer, at="/dagRuns")
    error = failure_of(lambda: destination.make(timeout=1.0).publish(make_message()))

    assert type(error) is PublisherUnavailable


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
        pytest.param(
            as_json({"dag_runs": [{"dag_id": "d", "dag_run_id": "r", "state": {}}]}),
            PublisherUnavailable,
            id="a state that is not a string",
        ),
        pytest.param(DRIPS["headers"], PublisherUnavailable, id="drip"),
        pytest.param(as_page(302, location="/login"), PublisherMisconfigured, id="302"),
        pytest.param(as_json({"detail": "Forbidden"}, 403), PublisherMisconfigured, id="403"),
        pytest.param(as_page(404), PublisherMisconfigured, id="404"),
        pytest.param(as_page(429, retry_after="7"), RateLimited, id="429"),
    ],
)
def test_runs_that_cannot_be_listed_are_not_lost(
    destination: AirflowDestination,
    fault: Step,
    ours: type[PublishError],
) -> None:
    publisher = destination.make(timeout=timeout_for(fault))
    destination.server.script(fault, at="/dagRuns")
    error = failure_of(lambda: publisher.track([receipt_of("djactions-1")]))

    assert type(error) is ours
    assert str(error).startswith("Airflow")


def test_rate_limited_tracking_says_how_long(destination: AirflowDestination) -> None:
    destination.server.script(as_page(429, retry_after="7"), at="/dagRuns")
    error = failure_of(lambda: destination.make().track([receipt_of("djactions-1")]))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 7.0
