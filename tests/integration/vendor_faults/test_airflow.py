"""Trouble between the Airflow publisher and Airflow, while a run is triggered."""

from __future__ import annotations

from collections.abc import Callable

import pydantic
import pytest
import urllib3.exceptions as transport
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.runs import dag_run_id

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.testing.contract import make_message
from tests.integration.vendor_faults.failures import RETRY_AFTER, failure_of, words_of
from tests.integration.vendor_faults.server import Answer, Fault, FaultyServer, as_json, as_page
from tests.integration.vendor_faults.vendors import PASSWORD, Airflow

Make = Callable[..., AirflowPublisher]
Fail = Callable[..., PublishError]

TRIGGER = "/dagRuns"


@pytest.fixture
def fail(airflow_server: FaultyServer, make_airflow_publisher: Make) -> Fail:
    """Return what a publisher raises when its server does this instead of starting a run."""

    def fail(fault: Answer | Fault, **options: object) -> PublishError:
        airflow_server.fail(fault, at=TRIGGER)
        publisher = make_airflow_publisher(**options)
        return failure_of(lambda: publisher.publish(make_message()))

    return fail


def test_a_run_is_triggered_with_our_id_and_payload(
    airflow: Airflow, make_airflow_publisher: Make
) -> None:
    message = make_message()
    receipt = make_airflow_publisher().publish(message)

    ((key, run),) = airflow.runs.items()
    assert key == (receipt.scope, receipt.id) == ("reports", dag_run_id(message))
    assert run["conf"]["id"] == str(message.id)
    assert receipt.tracked


def test_the_link_leads_to_the_public_address(make_airflow_publisher: Make) -> None:
    publisher = make_airflow_publisher(public_url="https://airflow.example.com/")
    receipt = publisher.publish(make_message())

    assert receipt.url == f"https://airflow.example.com/dags/reports/runs/{receipt.id}"


def test_a_route_chooses_the_dag(airflow: Airflow, make_airflow_publisher: Make) -> None:
    receipt = make_airflow_publisher().publish(make_message(options={"dag_id": "other"}))

    assert receipt.scope == "other"
    assert list(airflow.runs) == [("other", receipt.id)]


def test_a_long_summary_is_cut_for_the_note(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    make_airflow_publisher().publish(make_message(summary="x" * 2000))

    body = airflow_server.requests[-1].body
    assert (len(body["note"]), len(body["conf"]["summary"])) == (1000, 2000)
    assert body["logical_date"] is None


def test_a_refused_connection_is_tried_again(
    refusing_url: str, make_airflow_publisher: Make
) -> None:
    publisher = make_airflow_publisher(base_url=refusing_url, username="", password="")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "Connection refused" in str(error)
    assert isinstance(error.__cause__, transport.HTTPError)


def test_an_answer_that_never_comes_is_tried_again(fail: Fail) -> None:
    error = fail(Fault.HANG, timeout=0.1)

    assert type(error) is PublisherUnavailable
    assert "Read timed out" in str(error)
    assert isinstance(error.__cause__, transport.ReadTimeoutError)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.LOSE])
def test_a_connection_cut_after_the_request_is_tried_again(
    fail: Fail, airflow_server: FaultyServer, fault: Fault
) -> None:
    error = fail(fault)

    assert type(error) is PublisherUnavailable
    assert "closed connection" in str(error)
    assert isinstance(error.__cause__, transport.ProtocolError)
    assert airflow_server.count("POST", TRIGGER) == 1, "urllib3 has tried again by itself."


def test_a_body_cut_short_is_tried_again(fail: Fail) -> None:
    answer = as_json({"dag_id": "reports"})
    error = fail(Answer(body=answer.body, headers=answer.headers, missing=20))

    assert type(error) is PublisherUnavailable
    assert "IncompleteRead" in str(error)
    assert isinstance(error.__cause__, transport.ProtocolError)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_page_of_a_broken_server_is_tried_again(fail: Fail, status: int) -> None:
    error = fail(as_page(status))

    assert type(error) is PublisherUnavailable
    assert str(status) in str(error)
    assert "A proxy says so." in str(error)
    assert error.__cause__ is not None


def test_a_broken_server_is_not_asked_again_in_silence(
    fail: Fail, airflow_server: FaultyServer
) -> None:
    """urllib3 alone would obey a Retry-After by sleeping."""
    fail(as_page(503, retry_after="1"))

    assert airflow_server.count("POST", TRIGGER) == 1


def test_airflow_without_its_database_is_tried_again(fail: Fail) -> None:
    error = fail(as_json({"detail": {"reason": "Database error"}}, 500))

    assert type(error) is PublisherUnavailable
    assert '500 {"reason": "Database error"}' in str(error)


@pytest.mark.parametrize(("retry_after", "wait"), RETRY_AFTER)
@pytest.mark.parametrize("kind", ["page", "json"])
def test_throttling_says_how_long(
    fail: Fail, kind: str, retry_after: str, wait: float | None
) -> None:
    page = as_page(429, retry_after=retry_after)
    error = fail(page if kind == "page" else as_json({}, 429, retry_after=retry_after))

    assert isinstance(error, RateLimited)
    assert error.retry_after == wait
    assert "429" in str(error)


def test_throttling_without_a_wait_leaves_it_to_us(fail: Fail) -> None:
    error = fail(as_page(429))

    assert isinstance(error, RateLimited)
    assert error.retry_after is None


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_page_of_a_proxy_stops_the_lane_and_kills_no_message(fail: Fail, status: int) -> None:
    error = fail(as_page(status))

    assert type(error) is PublisherMisconfigured
    assert str(status) in str(error)


def test_a_proxys_not_found_in_json_stops_the_lane(fail: Fail) -> None:
    error = fail(as_json({"message": "no Route matched with those values"}, 404))

    assert type(error) is PublisherMisconfigured
    assert "no Route matched" in str(error)
    assert "base_url" in str(error)


def test_a_gateway_that_finds_a_message_too_large_rejects_it(fail: Fail) -> None:
    error = fail(as_page(413))

    assert type(error) is PublishRejected
    assert "413" in str(error)


def test_a_request_that_was_too_slow_for_a_proxy_is_tried_again(fail: Fail) -> None:
    error = fail(as_page(408))

    assert type(error) is PublisherUnavailable
    assert "408" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(as_page(200), id="page"),
        pytest.param(Answer(status=200), id="nothing"),
        pytest.param(Answer(status=204), id="no content"),
        pytest.param(as_json(None), id="null"),
        pytest.param(as_json([{"state": "queued"}]), id="list"),
        pytest.param(as_json("queued"), id="text"),
        pytest.param(as_json({}), id="empty object"),
        pytest.param(as_json({"ok": True}), id="another object"),
        pytest.param(
            Answer(body=b'{"half', headers={"Content-Type": "application/json"}), id="half"
        ),
        pytest.param(
            Answer(body=b"\xff\xfe", headers={"Content-Type": "application/json"}), id="no text"
        ),
    ],
)
def test_what_is_no_run_is_no_success(fail: Fail, answer: Answer) -> None:
    error = fail(answer)

    assert type(error) is PublisherUnavailable
    assert "proxy" in str(error)


def test_what_the_clients_models_refuse_is_chained(fail: Fail) -> None:
    assert isinstance(fail(as_page(200)).__cause__, pydantic.ValidationError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_stops_the_lane(
    fail: Fail, airflow_server: FaultyServer, status: int
) -> None:
    error = fail(as_page(status, location=f"{airflow_server.url}/elsewhere"))

    assert type(error) is PublisherMisconfigured
    assert airflow_server.count("POST", "/elsewhere") == airflow_server.count("GET", "/") == 0
    assert str(status) in str(error)
    assert "base_url" in str(error)


@pytest.mark.parametrize(
    ("status", "detail", "ours"),
    [
        (400, "Invalid input for param verb: 'explode' is not one of …", PublishRejected),
        (400, "DAG with dag_id: 'reports' has import errors", DestinationNotFound),
        (401, "Invalid credentials", PublisherMisconfigured),
        (403, "Forbidden", PublisherMisconfigured),
        (404, "Dag with dag_id: 'reports' not found", DestinationNotFound),
        (422, "Value rejected by database", PublishRejected),
    ],
)
def test_airflows_refusals_are_told_apart(
    fail: Fail, status: int, detail: str, ours: type[PublishError]
) -> None:
    error = fail(as_json({"detail": detail}, status))

    assert type(error) is ours
    assert f"Airflow did not start a run of DAG 'reports': {status} {detail}" in str(error)
    assert type(error.__cause__).__module__ == "airflow_client.client.exceptions"


def test_a_refused_field_is_named(fail: Fail) -> None:
    detail = [{"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required"}]
    error = fail(as_json({"detail": detail}, 422))

    assert type(error) is PublishRejected
    assert '"logical_date"' in str(error)
    assert "Field required" in str(error)


@pytest.mark.parametrize("credentials", [{}, {"username": "", "password": ""}])
def test_https_to_a_server_without_it_stops_the_lane(
    airflow_server: FaultyServer, make_airflow_publisher: Make, credentials: dict[str, str]
) -> None:
    address = airflow_server.url.replace("http:", "https:")
    publisher = make_airflow_publisher(base_url=address, **credentials)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "SSL" in str(error)


def test_a_host_name_that_cannot_be_one_stops_the_lane(make_airflow_publisher: Make) -> None:
    publisher = make_airflow_publisher(base_url=f"http://{'x' * 64}.example")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured


def test_every_request_takes_the_proxy_of_the_environment(
    airflow: Airflow,
    airflow_server: FaultyServer,
    make_airflow_publisher: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", airflow_server.url)
    publisher = make_airflow_publisher(base_url="http://127.0.0.2:1")
    publisher.publish(make_message())

    assert (airflow.tokens_given, len(airflow.runs)) == (1, 1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.CUT,
        as_page(200),
        as_page(403),
        as_page(429),
        as_page(502),
        as_json([]),
        as_json({"detail": "x"}, 422),
    ],
)
def test_no_secret_is_told(fail: Fail, airflow_server: FaultyServer, fault: Answer | Fault) -> None:
    words = words_of(fail(fault))

    assert airflow_server.requests[-1].headers["Authorization"] == "Bearer token-1"
    assert "token-1" not in words
    assert PASSWORD not in words
