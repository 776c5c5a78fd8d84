"""What can go wrong between the Stream publisher and Stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Receipt
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import Destination, failure_of, serve
from tests.fixtures.relay_memory import MAX_MEGABYTES, measure, needs_proc
from tests.fixtures.scripted_server import Answer, Fault, Step, as_json, as_page
from tests.fixtures.transport_faults import TransportFaults
from tests.fixtures.unbounded import ENDLESS_FRAMING, HEAVY_JSON, TOO_LARGE
from tests.integration.stream.v2.destination import API_SECRET, StreamDestination


@pytest.fixture
def destination(direct_connections: None) -> Iterator[StreamDestination]:
    """A running server, and publishers to it."""
    yield from serve(StreamDestination())


class TestStreamFaults(TransportFaults):
    """The contract of both integrations."""

    transport_error = requests.RequestException

    def test_a_failure_of_one_message_is_its_own_outcome(self, destination: Destination) -> None:
        # The call for both fails; then each message has a call of its own.
        destination.server.script(as_page(502), as_page(502), at=destination.path)
        outcomes = destination.make().publish_many([make_message(), make_message()])

        assert [type(outcome) for outcome in outcomes] == [PublisherUnavailable, Receipt]


@needs_proc
def test_no_response_fills_the_memory_of_a_relay(
    destination: StreamDestination, tmp_path: Path
) -> None:
    steps = [*TOO_LARGE.values(), *ENDLESS_FRAMING.values(), *HEAVY_JSON.values()]
    destination.server.script(*steps, at=destination.path)
    options = {"base_url": destination.server.url, "api_key": "key", "api_secret": API_SECRET}
    relay = measure(
        tmp_path, "dj_actions_stream.StreamPublisher", options | {"timeout": 3}, attempts=len(steps)
    )

    assert all("'kind': 'unavailable'" in outcome for outcome in relay.outcomes), relay
    assert relay.peak < MAX_MEGABYTES


def refusal(status: int, code: int, exception: str, **fields: Any) -> Answer:
    """Return a refusal as Stream words it."""
    refused = {"detail": "the reason", "code": code, "exception": exception, **fields}
    return as_json({"status_code": status, "duration": "1ms", **refused}, status)


def test_streams_own_rate_limit_says_how_long(destination: StreamDestination) -> None:
    refused = {"detail": "Rate limit reached", "code": 9, "exception": "RateLimitReached"}
    error = destination.fail(as_json(refused, 429, retry_after="60"))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 60.0


def test_a_proxys_not_found_in_json_is_no_success(destination: StreamDestination) -> None:
    error = destination.fail(as_json({"message": "no Route matched with those values"}, 404))

    assert type(error) is PublisherUnavailable
    assert "no Route matched" in str(error)
    assert "proxy" in str(error)


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        (refusal(401, 2, "ApiKeyException"), PublisherMisconfigured),
        (refusal(401, 3, "SignatureException"), PublisherMisconfigured),
        (refusal(401, 7, "SiteSuspendedException"), PublisherMisconfigured),
        (refusal(400, 6, "FeedConfigException"), DestinationNotFound),
        (refusal(400, 4, "InputException"), PublishRejected),
        (refusal(422, 5, "CustomFieldException"), PublishRejected),
        (refusal(403, 17, "NotAllowedException"), PublishRejected),
        (refusal(413, 18, "BodyTooLargeException"), PublishRejected),
        (refusal(409, 22, "ConflictException"), PublishRejected),
        (refusal(500, -1, "InternalException"), PublisherUnavailable),
    ],
    ids=lambda value: value.status if isinstance(value, Answer) else value.__name__,
)
def test_streams_refusals_are_distinguished(
    destination: StreamDestination, answer: Answer, ours: type[PublishError]
) -> None:
    error = destination.fail(answer)

    assert type(error) is ours
    assert str(error).startswith("Stream: ")
    assert "the reason" in str(error)
    assert type(error.__cause__).__module__ == "stream.exceptions"


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.HANG, Answer(body=b"{", missing=9)])
def test_no_api_key_is_in_an_error(destination: StreamDestination, fault: Step) -> None:
    """The client sends it in the URL, which the transport quotes."""
    destination.server.script(fault)
    publisher = destination.make(api_key="a-key-of-ours", timeout=0.2)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert "a-key-of-ours" not in str(error)


def test_a_refused_field_is_named(destination: StreamDestination) -> None:
    fields = {"verb": ["may not be blank"]}
    error = destination.fail(refusal(400, 4, "InputException", exception_fields=fields))

    assert "verb" in str(error)
    assert "may not be blank" in str(error)


@pytest.mark.parametrize("answer", [{"id": 7}, {"id": ""}])
def test_an_id_that_is_not_an_id_is_not_a_success(
    destination: StreamDestination, answer: object
) -> None:
    error = destination.fail(as_json(answer))

    assert type(error) is PublisherUnavailable
    assert "proxy" in str(error)


def test_it_reads_only_to_find_out_whether_stream_is_reachable(
    destination: StreamDestination,
) -> None:
    assert destination.make().check_reachable()

    (request,) = destination.server.requests
    assert (request.method, request.path) == ("GET", "/api/v1.0/activities/")


@pytest.mark.parametrize("answer", [[], {}, {"results": None}, None])
def test_a_response_that_is_not_streams_is_reported(
    destination: StreamDestination, answer: object
) -> None:
    destination.server.script(as_json(answer))
    error = failure_of(destination.make().check_reachable)

    assert type(error) is PublisherUnavailable
    assert "not Stream's" in str(error)


@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize(
    "fields",
    [
        {"exception": "X"},
        {"exception": "X", "detail": "why", "code": [4]},
        {"exception": "X", "detail": "why", "code": {}},
        {"exception": "X", "detail": "why", "code": 4, "exception_fields": [7]},
        {"exception": "X", "detail": "why", "code": 4, "exception_fields": [[1, 2]]},
        {"exception": "X", "detail": "why", "code": 4, "exception_fields": "verb"},
        {"exception": "X", "detail": "why", "code": 4, "exception_fields": 7},
    ],
    ids=str,
)
def test_what_the_client_stumbles_over_in_a_response_blames_no_message(
    destination: StreamDestination, status: int, fields: dict[str, Any]
) -> None:
    error = destination.fail(as_json(fields, status))

    assert type(error) is not PublishRejected or "verb" in str(fields)


@pytest.mark.parametrize("template", ["user", "user:{who}", "us er:{actor}"])
def test_a_feed_template_of_options_stops_the_lane_and_one_of_a_route_its_messages(
    destination: StreamDestination, template: str
) -> None:
    of_options = destination.make(feed=template)
    of_copies = destination.make(to=[template])
    message = make_message(options={"feed": template})

    assert type(failure_of(lambda: of_options.publish(make_message()))) is PublisherMisconfigured
    assert type(failure_of(lambda: of_copies.publish(make_message()))) is PublisherMisconfigured
    assert type(failure_of(lambda: of_copies.publish(message))) is DestinationNotFound
    assert destination.server.requests == []
