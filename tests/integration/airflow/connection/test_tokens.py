"""Tokens: issued once, renewed once when stale, and what happens when there is none."""

from __future__ import annotations

import pytest
import urllib3.exceptions as transport

from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of, words_of
from tests.fixtures.scripted_server import Answer, Fault, Step, as_json, as_page
from tests.fixtures.unbounded import DRIPS, TOO_LARGE
from tests.integration.airflow.destination import PASSWORD, TOKEN, USERNAME, AirflowDestination

STALE = [(401, "Token Expired"), (403, "Invalid JWT token"), (401, "Not authenticated")]


def test_a_token_is_issued_once_and_used_for_everything(destination: AirflowDestination) -> None:
    publisher = destination.make()
    receipts = [publisher.publish(make_message()) for _ in range(3)]
    publisher.track(receipts)

    assert destination.tokens_issued == 1
    asked = [request.headers.get("Authorization") for request in destination.server.requests]
    assert asked[0] is None
    assert set(asked[1:]) == {"Bearer token-1"}


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_stale_token_is_renewed_while_a_run_is_triggered(
    destination: AirflowDestination, status: int, detail: str
) -> None:
    publisher = destination.make()
    publisher.publish(make_message())
    destination.make_stale(status, detail)
    publisher.publish(make_message())

    assert (destination.tokens_issued, len(destination.runs)) == (2, 2)


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_stale_token_is_renewed_while_a_dag_is_described(
    destination: AirflowDestination, status: int, detail: str
) -> None:
    publisher = destination.make()
    publisher.check_reachable()
    destination.make_stale(status, detail)
    publisher.publish(make_message())

    assert (destination.tokens_issued, len(destination.runs)) == (2, 1)
    assert destination.server.count("GET", "/details") == 2


def test_a_user_to_whom_no_dag_is_described_for_want_of_a_token_stops_the_lane(
    destination: AirflowDestination,
) -> None:
    destination.server.script(*[as_json({"detail": "Not authenticated"}, 401)] * 9, at="/details")
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert (destination.tokens_issued, destination.server.count("POST", "/dagRuns")) == (2, 0)


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_stale_token_is_renewed_while_runs_are_tracked(
    destination: AirflowDestination, status: int, detail: str
) -> None:
    publisher = destination.make()
    receipt = publisher.publish(make_message())
    destination.make_stale(status, detail)

    assert [run.detail for run in publisher.track([receipt])] == ["queued"]
    assert destination.tokens_issued == 2


@pytest.mark.parametrize(("status", "detail"), STALE)
def test_a_token_that_is_stale_at_once_is_renewed_only_once(
    destination: AirflowDestination,
    status: int,
    detail: str,
) -> None:
    publisher = destination.make()
    destination.server.script(*[as_json({"detail": detail}, status)] * 5, at="/dagRuns")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert detail in str(error)
    assert (destination.tokens_issued, destination.server.count("POST", "/dagRuns")) == (2, 2)


def test_a_user_who_may_not_trigger_gets_no_new_token(destination: AirflowDestination) -> None:
    destination.server.script(as_json({"detail": "Forbidden"}, 403), at="/dagRuns")
    publisher = destination.make()
    failure_of(lambda: publisher.publish(make_message()))

    assert destination.tokens_issued == 1


def test_a_wrong_password_stops_the_lane_and_names_the_user_alone(
    destination: AirflowDestination,
) -> None:
    publisher = destination.make(password="wrong-password")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert USERNAME in str(error)
    assert "401" in str(error)
    assert "wrong-password" not in words_of(error)


def test_a_wrong_password_is_noticed_while_tracking_too(destination: AirflowDestination) -> None:
    receipt = destination.make().publish(make_message())
    publisher = destination.make(password="wrong-password")

    assert type(failure_of(lambda: publisher.track([receipt]))) is PublisherMisconfigured


def test_a_password_that_is_right_again_is_used_with_the_next_message(
    destination: AirflowDestination,
) -> None:
    destination.server.script(as_json({"detail": "Invalid credentials"}, 401), at=TOKEN)
    publisher = destination.make()
    failure_of(lambda: publisher.publish(make_message()))
    publisher.publish(make_message())

    assert (destination.tokens_issued, len(destination.runs)) == (1, 1)


def test_without_a_user_no_token_is_requested(destination: AirflowDestination) -> None:
    publisher = destination.make(username="", password="")
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "Not authenticated" in str(error)
    assert destination.server.count("POST", TOKEN) == 0


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503])
def test_a_server_that_cannot_issue_a_token_now_is_retried(
    destination: AirflowDestination, status: int
) -> None:
    destination.server.script(as_page(status), at=TOKEN)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "token" in str(error)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405, 422])
def test_an_address_that_issues_no_tokens_stops_the_lane(
    destination: AirflowDestination, status: int
) -> None:
    destination.server.script(as_page(status, location=f"{destination.server.url}/login"), at=TOKEN)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert str(status) in str(error)
    assert "base_url" in str(error)
    assert len(destination.server.requests) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, PublisherUnavailable)])
def test_a_server_that_issues_no_token_now_may_say_how_long(
    destination: AirflowDestination, status: int, kind: type[RateLimited | PublisherUnavailable]
) -> None:
    destination.server.script(as_page(status, retry_after="7"), at=TOKEN)
    error = failure_of(lambda: destination.make().publish(make_message()))

    assert isinstance(error, kind)
    assert error.retry_after == 7.0


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
def test_what_is_not_a_token_is_not_used(destination: AirflowDestination, answer: Answer) -> None:
    destination.server.script(answer, at=TOKEN)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "token" in str(error)
    assert destination.server.count("POST", "/dagRuns") == 0


def test_a_token_that_never_comes_is_retried(destination: AirflowDestination) -> None:
    destination.server.script(Fault.HANG, at=TOKEN)
    publisher = destination.make(timeout=0.1)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert isinstance(error.__cause__, transport.ReadTimeoutError)


@pytest.mark.parametrize("step", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_token_that_is_too_large_is_retried(destination: AirflowDestination, step: Step) -> None:
    destination.server.script(step, at=TOKEN)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "the response has more than" in str(error)
    assert publisher.publish(make_message()).id


@pytest.mark.parametrize("step", DRIPS.values(), ids=DRIPS)
def test_a_token_that_arrives_byte_by_byte_has_the_timeout_in_all(
    destination: AirflowDestination, step: Step
) -> None:
    destination.server.script(step, at=TOKEN)
    error = failure_of(lambda: destination.make(timeout=0.2).publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "timed out" in str(error)


@pytest.mark.parametrize("fault", [Fault.CUT, as_page(503), as_page(403), as_page(201)])
def test_no_password_is_in_an_error_when_there_is_no_token(
    destination: AirflowDestination, fault: Answer | Fault
) -> None:
    destination.server.script(fault, at=TOKEN)
    publisher = destination.make()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert destination.server.requests[0].body["password"] == PASSWORD
    assert PASSWORD not in words_of(error)
