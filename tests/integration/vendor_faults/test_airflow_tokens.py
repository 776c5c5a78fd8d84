"""Tokens: got once, renewed once when stale, and what happens when there is none to get."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import urllib3.exceptions as transport
from dj_actions_airflow import AirflowPublisher

from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.testing.contract import make_message
from tests.integration.vendor_faults.failures import failure_of, words_of
from tests.integration.vendor_faults.server import Answer, Fault, FaultyServer, as_json, as_page
from tests.integration.vendor_faults.vendors import PASSWORD, USERNAME, Airflow

Make = Callable[..., AirflowPublisher]

TOKEN = "/auth/token"
STALE = [(401, "Token Expired"), (403, "Invalid JWT token"), (401, "Not authenticated")]


def test_a_token_is_got_once_and_used_for_everything(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    publisher = make_airflow_publisher()
    receipts = [publisher.publish(make_message()) for _ in range(3)]
    publisher.track(receipts)

    assert airflow.tokens_given == 1
    asked = [request.headers.get("Authorization") for request in airflow_server.requests]
    assert asked == [None, *["Bearer token-1"] * 4]


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_stale_token_is_renewed_while_a_run_is_triggered(
    airflow: Airflow, make_airflow_publisher: Make, status: int, detail: str
) -> None:
    publisher = make_airflow_publisher()
    publisher.publish(make_message())
    airflow.make_stale(status, detail)
    publisher.publish(make_message())

    assert (airflow.tokens_given, len(airflow.runs)) == (2, 2)


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_stale_token_is_renewed_while_runs_are_tracked(
    airflow: Airflow, make_airflow_publisher: Make, status: int, detail: str
) -> None:
    publisher = make_airflow_publisher()
    receipt = publisher.publish(make_message())
    airflow.make_stale(status, detail)

    assert [run.detail for run in publisher.track([receipt])] == ["queued"]
    assert airflow.tokens_given == 2


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_token_that_is_stale_at_once_is_renewed_only_once(
    airflow: Airflow,
    airflow_server: FaultyServer,
    make_airflow_publisher: Make,
    status: int,
    detail: str,
) -> None:
    publisher = make_airflow_publisher()
    airflow_server.fail(*[as_json({"detail": detail}, status)] * 5, at="/dagRuns")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert detail in str(error)
    assert (airflow.tokens_given, airflow_server.count("POST", "/dagRuns")) == (2, 2)


def test_a_user_who_may_not_trigger_gets_no_new_token(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow_server.fail(as_json({"detail": "Forbidden"}, 403), at="/dagRuns")
    publisher = make_airflow_publisher()
    failure_of(lambda: publisher.publish(make_message()))

    assert airflow.tokens_given == 1


def test_a_wrong_password_stops_the_lane_and_names_the_user_alone(
    make_airflow_publisher: Make,
) -> None:
    publisher = make_airflow_publisher(password="wrong-password")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert USERNAME in str(error)
    assert "401" in str(error)
    assert "wrong-password" not in words_of(error)


def test_a_wrong_password_is_noticed_while_tracking_too(make_airflow_publisher: Make) -> None:
    receipt = make_airflow_publisher().publish(make_message())
    publisher = make_airflow_publisher(password="wrong-password")

    assert type(failure_of(lambda: publisher.track([receipt]))) is PublisherMisconfigured


def test_a_password_that_is_right_again_is_tried_with_the_next_message(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow_server.fail(as_json({"detail": "Invalid credentials"}, 401), at=TOKEN)
    publisher = make_airflow_publisher()
    failure_of(lambda: publisher.publish(make_message()))
    publisher.publish(make_message())

    assert (airflow.tokens_given, len(airflow.runs)) == (1, 1)


def test_without_a_user_no_token_is_asked_for(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    publisher = make_airflow_publisher(username="", password="")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "Not authenticated" in str(error)
    assert airflow_server.count("POST", TOKEN) == 0


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_too_broken_for_a_token_is_tried_again(
    airflow_server: FaultyServer, make_airflow_publisher: Make, status: int
) -> None:
    airflow_server.fail(as_page(status), at=TOKEN)
    publisher = make_airflow_publisher()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "token" in str(error)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405, 422])
def test_an_address_that_gives_no_tokens_stops_the_lane(
    airflow_server: FaultyServer, make_airflow_publisher: Make, status: int
) -> None:
    airflow_server.fail(as_page(status, location=f"{airflow_server.url}/login"), at=TOKEN)
    publisher = make_airflow_publisher()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert str(status) in str(error)
    assert "base_url" in str(error)
    assert len(airflow_server.requests) == 1


def test_throttled_tokens_are_waited_for(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow_server.fail(as_page(429, retry_after="7"), at=TOKEN)
    publisher = make_airflow_publisher()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 7.0


@pytest.mark.parametrize("status", [408, 425])
def test_a_refusal_of_a_token_that_passes_is_tried_again(
    airflow_server: FaultyServer, make_airflow_publisher: Make, status: int
) -> None:
    airflow_server.fail(as_page(status), at=TOKEN)
    publisher = make_airflow_publisher()

    error = failure_of(lambda: publisher.publish(make_message()))
    assert type(error) is PublisherUnavailable


@pytest.mark.parametrize(
    "answer",
    [
        as_page(201),
        Answer(status=201),
        as_json(None, 201),
        as_json(["token"], 201),
        as_json({}, 201),
        as_json({"access_token": None}, 201),
        as_json({"access_token": ""}, 201),
    ],
    ids=lambda answer: answer.body.decode()[:30] or "nothing",
)
def test_what_is_no_token_is_not_used(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: Make, answer: Answer
) -> None:
    airflow_server.fail(answer, at=TOKEN)
    publisher = make_airflow_publisher()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "token" in str(error)
    assert airflow_server.count("POST", "/dagRuns") == 0


def test_a_token_that_never_comes_is_tried_again(
    airflow_server: FaultyServer, make_airflow_publisher: Make
) -> None:
    airflow_server.fail(Fault.HANG, at=TOKEN)
    publisher = make_airflow_publisher(timeout=0.1)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert isinstance(error.__cause__, transport.ReadTimeoutError)


@pytest.mark.parametrize("fault", [Fault.CUT, as_page(503), as_page(403), as_page(201)])
def test_no_password_is_told_when_there_is_no_token(
    airflow_server: FaultyServer, make_airflow_publisher: Make, fault: Answer | Fault
) -> None:
    airflow_server.fail(fault, at=TOKEN)
    publisher = make_airflow_publisher()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert airflow_server.requests[0].body["password"] == PASSWORD
    assert PASSWORD not in words_of(error)
