"""Requests to any endpoint of Airflow's REST API."""

from __future__ import annotations

import pytest

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Answer, Fault, Step, as_json, as_page, timeout_for
from tests.fixtures.unbounded import DRIPS, TOO_LARGE
from tests.integration.airflow.destination import AirflowDestination

PATH = "/dags/reports/details"
FAILURE = "Airflow did not describe DAG 'reports'"


def test_a_call_sends_query_and_body_and_returns_the_object(
    destination: AirflowDestination,
) -> None:
    destination.server.script(as_json({"is_paused": False}), at="/details")
    found = destination.client().call(
        "POST", PATH, query=[("tag", "a b"), ("tag", "c&d")], body={"x": [1, None]}, failure=FAILURE
    )

    assert found == {"is_paused": False}
    request = destination.server.requests[-1]
    assert (request.method, request.path) == ("POST", "/api/v2/dags/reports/details")
    assert request.query == {"tag": ["a b", "c&d"]}
    assert request.body == {"x": [1, None]}
    assert request.headers["Content-Type"] == "application/json"


def test_a_call_without_a_body_has_none(destination: AirflowDestination) -> None:
    destination.server.script(as_json({}), at="/details")

    assert destination.client().call("GET", PATH, failure=FAILURE) == {}
    request = destination.server.requests[-1]
    assert (request.body, request.query) == (None, {})
    assert "Content-Type" not in request.headers


def test_what_is_quoted_stays_quoted(destination: AirflowDestination) -> None:
    destination.server.script(as_json({}), at="/dags/")
    destination.client().call("GET", "/dags/a%2Fb%20c", failure=FAILURE)

    assert destination.server.requests[-1].path == "/api/v2/dags/a%2Fb%20c"


def test_a_response_without_content_is_an_empty_object(destination: AirflowDestination) -> None:
    destination.server.script(Answer(status=204), at="/details")

    assert destination.client().call("DELETE", PATH, failure=FAILURE) == {}


@pytest.mark.parametrize(
    "answer",
    [Answer(), as_page(200), as_json(None), as_json([]), as_json("text"), Answer(body=b"[" * 9999)],
    ids=["nothing", "page", "null", "list", "text", "deep"],
)
def test_a_response_that_is_not_an_object_is_retried(
    destination: AirflowDestination, answer: Answer
) -> None:
    destination.server.script(answer, at="/details")
    error = failure_of(lambda: destination.client().call("GET", PATH, failure=FAILURE))

    assert type(error) is PublisherUnavailable
    assert "proxy" in str(error)


@pytest.mark.parametrize(
    ("fault", "ours"),
    [
        pytest.param(Fault.HANG, PublisherUnavailable, id="hang"),
        pytest.param(Fault.CUT, PublisherUnavailable, id="cut"),
        pytest.param(as_page(502), PublisherUnavailable, id="502"),
        pytest.param(DRIPS["headers"], PublisherUnavailable, id="drip"),
        pytest.param(TOO_LARGE["a gzip bomb"], PublisherUnavailable, id="bomb"),
        pytest.param(as_json({"detail": "why"}, 422), PublishRejected, id="422"),
        pytest.param(as_json({"detail": "Forbidden"}, 403), PublisherMisconfigured, id="403"),
        pytest.param(as_page(404), PublisherMisconfigured, id="no such page"),
        pytest.param(as_json({"detail": "Not Found"}, 404), PublisherMisconfigured, id="no path"),
        pytest.param(
            as_json({"detail": "The Task Instance with dag_id: `reports` was not found"}, 404),
            DestinationNotFound,
            id="no task instance",
        ),
        pytest.param(as_page(302, location="/login"), PublisherMisconfigured, id="302"),
        pytest.param(as_page(429, retry_after="7"), RateLimited, id="429"),
    ],
)
def test_a_call_that_fails_says_what_airflow_did_not_do(
    destination: AirflowDestination, fault: Step, ours: type[PublishError]
) -> None:
    destination.server.script(fault, at="/details")
    client = destination.client(timeout=timeout_for(fault))
    error = failure_of(lambda: client.call("GET", PATH, failure=FAILURE))

    assert type(error) is ours
    assert str(error).startswith(FAILURE)


def test_a_stale_token_is_renewed_for_a_call(destination: AirflowDestination) -> None:
    client = destination.client()
    destination.server.script(as_json({"detail": "Token Expired"}, 401), as_json({}), at=PATH)

    assert client.call("GET", PATH, failure=FAILURE) == {}
    assert destination.tokens_issued == 2
