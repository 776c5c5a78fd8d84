"""What the Airflow publisher sends, and what it makes of Airflow's refusals."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from dj_actions_airflow.routing.conversion import dag_run_id

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import as_json, as_page
from tests.integration.airflow.destination import TOKEN, AirflowDestination


def test_a_run_is_triggered_with_our_id_and_payload(destination: AirflowDestination) -> None:
    message = make_message()
    receipt = destination.make().publish(message)

    ((key, run),) = destination.runs.items()
    assert key == (receipt.scope, receipt.id) == ("reports", dag_run_id(message))
    assert run["conf"]["id"] == str(message.id)
    assert receipt.tracked


def test_the_link_leads_to_the_public_address(destination: AirflowDestination) -> None:
    publisher = destination.make(public_url="https://airflow.example.com/")
    receipt = publisher.publish(make_message())

    assert receipt.url == f"https://airflow.example.com/dags/reports/runs/{receipt.id}"


def test_a_route_chooses_the_dag(destination: AirflowDestination) -> None:
    receipt = destination.make().publish(make_message(options={"dag_id": "other"}))

    assert receipt.scope == "other"
    assert list(destination.runs) == [("other", receipt.id)]


def test_a_long_summary_is_cut_for_the_note(destination: AirflowDestination) -> None:
    destination.make().publish(make_message(summary="x" * 2000))

    body = destination.server.requests[-1].body
    assert (len(body["note"]), len(body["conf"]["summary"])) == (1000, 2000)
    assert body["logical_date"] is None


def test_airflow_without_its_database_is_retried(destination: AirflowDestination) -> None:
    error = destination.fail(as_json({"detail": {"reason": "Database error"}}, 500))

    assert type(error) is PublisherUnavailable
    assert '500 {"reason": "Database error"}' in str(error)


def test_a_proxys_not_found_in_json_stops_the_lane(destination: AirflowDestination) -> None:
    error = destination.fail(as_json({"message": "no Route matched with those values"}, 404))

    assert type(error) is PublisherMisconfigured
    assert "no Route matched" in str(error)
    assert "base_url" in str(error)


def test_a_page_instead_of_a_run_is_retried(destination: AirflowDestination) -> None:
    error = destination.fail(as_page(200))

    assert type(error) is PublisherUnavailable
    assert "proxy" in str(error)


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
def test_airflows_refusals_are_distinguished(
    destination: AirflowDestination, status: int, detail: str, ours: type[PublishError]
) -> None:
    destination.may_trigger = status != HTTPStatus.FORBIDDEN
    error = destination.fail(as_json({"detail": detail}, status))

    assert type(error) is ours
    assert f"Airflow did not start a run of DAG 'reports': {status} {detail}" in str(error)
    assert type(error.__cause__).__module__ == "airflow_client.client.exceptions"


def test_a_refused_field_is_named(destination: AirflowDestination) -> None:
    detail = [{"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required"}]
    error = destination.fail(as_json({"detail": detail}, 422))

    assert type(error) is PublishRejected
    assert '"logical_date"' in str(error)
    assert "Field required" in str(error)


def test_https_without_a_token_to_a_server_without_it_stops_the_lane(
    destination: AirflowDestination,
) -> None:
    address = destination.server.url.replace("http:", "https:")
    publisher = destination.make(base_url=address, username="", password="")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "SSL" in str(error)


def test_a_refused_connection_without_a_token_is_retried(
    destination: AirflowDestination, refusing_url: str
) -> None:
    publisher = destination.make(base_url=refusing_url, username="", password="")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "Connection refused" in str(error)


def test_a_host_name_that_cannot_be_one_stops_the_lane(destination: AirflowDestination) -> None:
    publisher = destination.make(base_url=f"http://{'x' * 64}.example")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured


def test_every_request_takes_the_proxy_of_the_environment(
    destination: AirflowDestination,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", destination.server.url)
    publisher = destination.make(base_url="http://127.0.0.2:1")
    publisher.publish(make_message())

    assert (destination.tokens_issued, len(destination.runs)) == (1, 1)


def test_it_reads_only_to_find_out_whether_airflow_is_reachable(
    destination: AirflowDestination,
) -> None:
    destination.add_run("reports", "djactions-of-an-event")

    assert destination.make().check_reachable()
    assert [request.method for request in destination.server.requests] == ["POST", "GET", "GET"]
    assert TOKEN in destination.server.requests[0].path
    assert len(destination.runs) == 1


def test_a_password_that_airflow_refuses_is_reported(destination: AirflowDestination) -> None:
    error = failure_of(destination.make(password="wrong").check_reachable)

    assert type(error) is PublisherMisconfigured
    assert "refused the user" in str(error)


MALFORMED = ["p odd/é", "..", ".", "~", "a/b", "a?b", "a#b", "a%2Fb", "x" * 251, "a\n"]


@pytest.mark.parametrize("dag_id", MALFORMED)
def test_a_malformed_dag_id_of_a_route_blames_its_messages_only(
    destination: AirflowDestination, dag_id: str
) -> None:
    """Airflow would respond with 405, as a wrong address does."""
    publisher = destination.make()
    message = make_message(options={"dag_id": dag_id})
    error = failure_of(lambda: publisher.publish(message))

    assert type(error) is DestinationNotFound
    assert repr(dag_id) in str(error)
    assert destination.server.requests == []


@pytest.mark.parametrize("dag_id", MALFORMED)
def test_a_malformed_dag_id_of_options_stops_the_lane(
    destination: AirflowDestination, dag_id: str
) -> None:
    error = failure_of(lambda: destination.make(dag_id=dag_id).publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert destination.server.requests == []
