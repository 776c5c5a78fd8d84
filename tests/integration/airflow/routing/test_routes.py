"""DAGs with params of their own, and several runs of one message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.routing.conversion import dag_run_id

from dj_actions.exceptions import (
    DestinationNotFound,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions.messages import Message
from dj_actions.states import RemoteState
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Fault, as_json, as_page
from tests.integration.airflow.destination import AirflowDestination

VERB = {"verb": (None, {"type": "string", "enum": ["a", "b"]})}
SEVERAL = {"dag_id": ["first", "second"]}


def routed(options: dict[str, Any], **changes: Any) -> Message:
    """Return a message with these options of its route."""
    return make_message(**{"data": {"verb": "a"}, "options": options, **changes})


def bulk(options: dict[str, Any], count: int, **changes: Any) -> Message:
    """Return the message of a bulk action."""
    ids = tuple(map(str, range(count)))
    return routed(options, object_id=None, object_ids=ids, **changes)


@pytest.mark.parametrize("conf", ["data", {"verb": "{data.verb}"}])
def test_a_dag_gets_its_own_params(destination: AirflowDestination, conf: Any) -> None:
    destination.declare("reports", VERB)
    destination.make().publish(routed({"conf": conf}))

    (run,) = destination.runs.values()
    assert run["conf"] == {"verb": "a"}


def test_what_a_run_gets_besides_its_payload(destination: AirflowDestination) -> None:
    options = {"run_after": 60, "note": "{actor.label} asked", "partition_key": "{resource}"}
    destination.make().publish(routed(options))

    (run,) = destination.runs.values()
    assert run["run_after"] == "2026-01-02T03:05:05.678901+00:00"
    assert (run["note"], run["partition_key"]) == ("ann asked", "todo")


def test_a_server_without_partitions_is_told_from_a_bad_message(
    destination: AirflowDestination,
) -> None:
    destination.knows_partition_key = False
    error = failure_of(lambda: destination.make().publish(routed({"partition_key": "eu"})))

    assert type(error) is DestinationNotFound
    assert "does not know the partition_key" in str(error)
    assert destination.make().publish(routed({})).tracked


def test_a_value_that_the_dag_would_refuse_is_not_sent(destination: AirflowDestination) -> None:
    destination.declare("reports", VERB)
    error = failure_of(
        lambda: destination.make().publish(routed({"conf": "data"}, data={"verb": "x"}))
    )

    assert type(error) is PublishRejected
    assert "param verb: 'x' is not one of ['a', 'b']" in str(error)
    assert not error.was_sent
    assert destination.server.count("POST", "/dagRuns") == 0


def test_a_param_without_a_value_is_named(destination: AirflowDestination) -> None:
    destination.declare("reports", VERB)
    error = failure_of(lambda: destination.make().publish(routed({})))

    assert "param verb: there is no value, and it has no default" in str(error)


def test_what_a_dag_accepts_is_asked_once(destination: AirflowDestination) -> None:
    publisher = destination.make()
    for _ in range(3):
        publisher.publish(routed({}))

    assert destination.server.count("GET", "/details") == 1


def test_params_that_have_changed_refuse_nothing(
    destination: AirflowDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination.declare("reports", VERB)
    publisher = destination.make()
    publisher.publish(routed({"conf": "data"}))
    destination.declare("reports")
    monkeypatch.setattr("dj_actions_airflow.dags.acceptance.CONFIRMED_AGE", 0.0)
    publisher.publish(routed({"conf": "data"}, data={"verb": "x"}))

    assert len(destination.runs) == 2


def test_a_dag_that_its_file_does_not_have_any_more_is_not_triggered_until_it_has(
    destination: AirflowDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination.declare("reports", is_stale=True)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(routed({})))

    assert type(error) is DestinationNotFound
    assert "no DAG 'reports' any more" in refusal(publisher, routed({}))
    assert destination.server.count("POST", "/dagRuns") == 0
    destination.declare("reports")
    monkeypatch.setattr("dj_actions_airflow.dags.details.CONFIRMED_AGE", -1.0)
    publisher.publish(routed({}))
    assert len(destination.runs) == 1


@pytest.mark.parametrize("answer", [as_json({"detail": "Forbidden"}, 403), as_page(502)])
def test_a_server_that_does_not_describe_dags_gets_runs(
    destination: AirflowDestination, answer: Any
) -> None:
    destination.server.script(answer, at="/details")
    publisher = destination.make()
    for _ in range(2):
        publisher.publish(routed({}))

    assert destination.server.count("GET", "/details") == 1
    assert len(destination.runs) == 2


def test_a_server_that_is_down_is_to_blame(destination: AirflowDestination) -> None:
    """The circuit breaker counts it, as it does when the run is triggered."""
    destination.server.script(Fault.CUT, at="/details")
    error = failure_of(lambda: destination.make().publish(routed({})))

    assert type(error) is PublisherUnavailable
    assert error.was_sent


def test_each_dag_of_a_list_has_a_run(destination: AirflowDestination) -> None:
    message = routed(SEVERAL)
    receipt = destination.make().publish(message)

    ids = [f"{dag_run_id(message)}-first", f"{dag_run_id(message)}-second"]
    assert list(destination.runs) == [("first", ids[0]), ("second", ids[1])]
    assert (receipt.id, receipt.scope, receipt.tracked) == (ids[0], "first", True)
    assert [(part.scope, part.id) for part in receipt.parts] == list(destination.runs)
    assert receipt.parts[1].url.endswith(f"/dags/second/runs/{ids[1]}")


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("conf", ["envelope", {"ids": "{object_ids}"}], ids=["envelope", "own"])
def test_a_response_that_is_lost_between_the_runs_is_repeated_safely(
    destination: AirflowDestination, lost: int, conf: Any
) -> None:
    message = bulk({"runs": "chunks", "chunk_size": 2, "conf": conf}, 6)
    publisher = destination.make()
    real, posts = destination.server.protocol, []

    def lose_one(request: Any) -> Any:
        answer = real(request)
        if request.method == "POST" and "/dagRuns" in request.path:
            posts.append(request)
            if len(posts) == lost + 1:
                return as_page(502)
        return answer

    destination.server.protocol = lose_one
    error = failure_of(lambda: publisher.publish(message))
    receipt = publisher.publish(replace(message, attempt=2))

    assert type(error) is PublisherUnavailable
    assert len(destination.runs) == len(receipt.parts) == 3


def test_a_dag_that_is_missing_keeps_the_others_from_being_triggered(
    destination: AirflowDestination,
) -> None:
    destination.missing_dags.add("second")
    error = failure_of(lambda: destination.make().publish(routed(SEVERAL)))

    assert type(error) is DestinationNotFound
    assert "second" in str(error)
    assert destination.runs == {}


def test_a_run_with_another_payload_is_not_ours(destination: AirflowDestination) -> None:
    message = routed({"conf": "data"})
    destination.add_run("reports", dag_run_id(message), {"verb": "b"})
    error = failure_of(lambda: destination.make().publish(message))

    assert type(error) is PublishRejected
    assert "it is not ours: its payload is {'verb': 'b'}" in str(error)


def test_a_run_about_other_objects_is_not_ours(destination: AirflowDestination) -> None:
    """The size of a chunk may have changed between two attempts."""
    publisher = destination.make()
    message = bulk({"runs": "chunks", "chunk_size": 2}, 4)
    publisher.publish(message)
    changed = replace(message, options={"runs": "chunks", "chunk_size": 3})

    assert type(failure_of(lambda: publisher.publish(changed))) is PublishRejected


def test_several_runs_are_tracked_as_one(destination: AirflowDestination) -> None:
    publisher = destination.make()
    one, several = publisher.publish(routed({})), publisher.publish(routed(SEVERAL))

    def states(first: str, second: str) -> list[tuple[RemoteState, str]]:
        for part, state in zip(several.parts, (first, second), strict=True):
            destination.runs[part.scope, part.id]["state"] = state
        return [(run.state, run.detail) for run in publisher.track([one, several])]

    queued = (RemoteState.RUNNING, "queued")
    assert states("success", "running") == [queued, (RemoteState.RUNNING, "1 running, 1 success")]
    assert states("success", "success") == [queued, (RemoteState.SUCCEEDED, "2 success")]
    assert states("success", "failed") == [queued, (RemoteState.FAILED, "1 failed, 1 success")]


def test_many_runs_are_tracked_with_few_requests(destination: AirflowDestination) -> None:
    publisher = destination.make(max_conf_bytes=1_000_000)
    receipt = publisher.publish(bulk({"runs": "objects"}, 300))
    (run,) = publisher.track([receipt])

    assert run.detail == "300 queued"
    assert destination.server.count("GET", "/dagRuns") <= 10


def refusal(publisher: AirflowPublisher, message: Message) -> str:
    """Return what a dry run would show, which sends nothing."""
    return publisher.refusal(message)


def test_a_dry_run_knows_what_the_dag_refuses(destination: AirflowDestination) -> None:
    destination.declare("reports", VERB)
    destination.missing_dags.add("gone")
    publisher = destination.make()

    assert "param verb: 'x' is not" in refusal(
        publisher, routed({"conf": "data"}, data={"verb": "x"})
    )
    assert "gone" in refusal(publisher, routed({"dag_id": "gone"}))
    assert "it has no data.x" in refusal(publisher, routed({"conf": {"x": "{data.x}"}}))
    assert refusal(publisher, routed({"conf": "data"})) == ""
    assert destination.runs == {}


def test_a_dry_run_knows_nothing_while_airflow_is_down(
    destination: AirflowDestination, refusing_url: str
) -> None:
    publisher = destination.make(base_url=refusing_url)

    assert refusal(publisher, routed({})) == ""


def test_a_user_who_may_not_trigger_stops_the_lane(destination: AirflowDestination) -> None:
    destination.may_trigger = False

    assert issubclass(
        type(failure_of(lambda: destination.make().publish(routed({})))), PublishError
    )
