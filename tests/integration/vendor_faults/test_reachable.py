"""Asking a destination whether it answers: it changes nothing, and failure is told as ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_stream import StreamPublisher

from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
)
from tests.integration.vendor_faults.failures import failure_of
from tests.integration.vendor_faults.server import Answer, Fault, FaultyServer, as_json, as_page
from tests.integration.vendor_faults.vendors import Airflow, Stream

MakeStream = Callable[..., StreamPublisher]
MakeAirflow = Callable[..., AirflowPublisher]

FAULTS = pytest.mark.parametrize(
    ("fault", "ours"),
    [
        (Fault.CUT, PublisherUnavailable),
        (as_page(502), PublisherUnavailable),
        (as_page(200), PublisherUnavailable),
        (as_page(429, retry_after="7"), RateLimited),
        (as_page(404), PublisherMisconfigured),
    ],
    ids=str,
)


def test_stream_answers_and_nothing_is_added(
    stream_vendor: Stream, stream_server: FaultyServer, make_stream_publisher: MakeStream
) -> None:
    assert make_stream_publisher().check_reachable()

    (request,) = stream_server.requests
    assert (request.method, request.path) == ("GET", "/api/v1.0/activities/")
    assert stream_vendor.activities == {}


@FAULTS
def test_stream_that_fails_is_told(
    stream_server: FaultyServer,
    make_stream_publisher: MakeStream,
    fault: Answer | Fault,
    ours: type[PublishError],
) -> None:
    stream_server.fail(fault)

    assert type(failure_of(make_stream_publisher().check_reachable)) is ours


@pytest.mark.parametrize("answer", [[], {}, {"results": None}, None])
def test_an_answer_that_stream_does_not_give_is_told(
    stream_server: FaultyServer, make_stream_publisher: MakeStream, answer: object
) -> None:
    stream_server.fail(as_json(answer))
    error = failure_of(make_stream_publisher().check_reachable)

    assert type(error) is PublisherUnavailable
    assert "not Stream's" in str(error)


def test_nobody_at_streams_address_is_told(
    refusing_url: str, make_stream_publisher: MakeStream
) -> None:
    error = failure_of(make_stream_publisher(base_url=refusing_url).check_reachable)

    assert type(error) is PublisherUnavailable
    assert "Connection refused" in str(error)


def test_airflow_answers_and_nothing_is_triggered(
    airflow: Airflow, airflow_server: FaultyServer, make_airflow_publisher: MakeAirflow
) -> None:
    airflow.add_run("reports", "djactions-of-an-event")

    assert make_airflow_publisher().check_reachable()
    assert [request.method for request in airflow_server.requests] == ["POST", "GET"]
    assert "/auth/token" in airflow_server.requests[0].path
    assert len(airflow.runs) == 1


@FAULTS
def test_airflow_that_fails_is_told(
    airflow_server: FaultyServer,
    make_airflow_publisher: MakeAirflow,
    fault: Answer | Fault,
    ours: type[PublishError],
) -> None:
    airflow_server.fail(fault, at="/dagRuns")

    assert type(failure_of(make_airflow_publisher().check_reachable)) is ours


def test_a_password_that_airflow_refuses_is_told(make_airflow_publisher: MakeAirflow) -> None:
    error = failure_of(make_airflow_publisher(password="wrong").check_reachable)

    assert type(error) is PublisherMisconfigured
    assert "refused the user" in str(error)
