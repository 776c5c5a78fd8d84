"""Trouble between the Stream publisher and Stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from dj_actions_stream import StreamPublisher

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.testing.contract import make_message
from tests.integration.vendor_faults.conftest import API_SECRET
from tests.integration.vendor_faults.failures import RETRY_AFTER, failure_of, words_of
from tests.integration.vendor_faults.server import Answer, Fault, FaultyServer, as_json, as_page
from tests.integration.vendor_faults.vendors import Stream

Make = Callable[..., StreamPublisher]


def refusal(status: int, code: int, exception: str, **fields: Any) -> Answer:
    """Return a refusal as Stream words it."""
    refused = {"detail": "the reason", "code": code, "exception": exception, **fields}
    return as_json({"status_code": status, "duration": "1ms", **refused}, status)


@pytest.fixture
def fail(stream_server: FaultyServer, make_stream_publisher: Make) -> Callable[..., PublishError]:
    """Return what a publisher raises when its server does this."""

    def fail(fault: Answer | Fault, **options: Any) -> PublishError:
        stream_server.fail(fault)
        publisher = make_stream_publisher(**options)
        return failure_of(lambda: publisher.publish(make_message()))

    return fail


Fail = Callable[..., PublishError]


def test_a_refused_connection_is_tried_again(
    refusing_url: str, make_stream_publisher: Make
) -> None:
    publisher = make_stream_publisher(base_url=refusing_url)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherUnavailable
    assert "Connection refused" in str(error)
    assert isinstance(error.__cause__, requests.ConnectionError)


def test_an_answer_that_never_comes_is_tried_again(fail: Fail) -> None:
    error = fail(Fault.HANG, timeout=0.1)

    assert type(error) is PublisherUnavailable
    assert "Read timed out" in str(error)
    assert isinstance(error.__cause__, requests.ReadTimeout)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.LOSE])
def test_a_connection_cut_after_the_request_is_tried_again(fail: Fail, fault: Fault) -> None:
    error = fail(fault)

    assert type(error) is PublisherUnavailable
    assert "closed connection" in str(error)
    assert isinstance(error.__cause__, requests.ConnectionError)


def test_a_body_cut_short_is_tried_again(fail: Fail) -> None:
    error = fail(Answer(status=201, body=b'{"id": "7', missing=20))

    assert type(error) is PublisherUnavailable
    assert "IncompleteRead" in str(error)
    assert isinstance(error.__cause__, requests.RequestException)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_page_of_a_broken_server_is_tried_again(fail: Fail, status: int) -> None:
    error = fail(as_page(status))

    assert type(error) is PublisherUnavailable
    assert str(status) in str(error)


def test_a_broken_server_without_streams_words_is_tried_again(fail: Fail) -> None:
    error = fail(as_json({"message": "An unexpected error occurred"}, 500))

    assert type(error) is PublisherUnavailable
    assert "500" in str(error)


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


def test_streams_own_throttling_says_how_long_too(fail: Fail) -> None:
    refused = {"detail": "Rate limit reached", "code": 9, "exception": "RateLimitReached"}
    error = fail(as_json(refused, 429, retry_after="60"))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 60.0


def test_throttling_without_a_wait_leaves_it_to_us(fail: Fail) -> None:
    error = fail(as_page(429))

    assert isinstance(error, RateLimited)
    assert error.retry_after is None


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_page_of_a_proxy_stops_the_lane_and_kills_no_message(fail: Fail, status: int) -> None:
    error = fail(as_page(status))

    assert type(error) is PublisherMisconfigured
    assert str(status) in str(error)


def test_a_gateway_that_finds_a_message_too_large_rejects_it(fail: Fail) -> None:
    error = fail(as_page(413))

    assert type(error) is PublishRejected
    assert "413" in str(error)


def test_a_proxys_not_found_in_json_is_no_success(fail: Fail) -> None:
    error = fail(as_json({"message": "no Route matched with those values"}, 404))

    assert type(error) is PublisherUnavailable
    assert "no Route matched" in str(error)
    assert "proxy" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(as_page(200), id="page"),
        pytest.param(Answer(status=200), id="nothing"),
        pytest.param(Answer(status=204), id="no content"),
        pytest.param(as_json(None), id="null"),
        pytest.param(as_json([{"id": "7"}]), id="list"),
        pytest.param(as_json("7"), id="text"),
        pytest.param(as_json(7), id="number"),
        pytest.param(as_json({}), id="empty object"),
        pytest.param(as_json({"ok": True}), id="another object"),
        pytest.param(as_json({"id": 7}), id="id that is no text"),
        pytest.param(as_json({"id": ""}), id="empty id"),
        pytest.param(Answer(body=b'{"id": "7"', headers={}), id="half an object"),
        pytest.param(Answer(body=b"\xff\xfe", headers={}), id="no text at all"),
    ],
)
def test_what_is_no_activity_is_no_success(fail: Fail, answer: Answer) -> None:
    error = fail(answer)

    assert type(error) is PublisherUnavailable
    assert "proxy" in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_stops_the_lane(
    fail: Fail, stream_server: FaultyServer, status: int
) -> None:
    """A POST that is sent on arrives without its body, and takes the token to a stranger."""
    error = fail(as_page(status, location=f"{stream_server.url}/elsewhere/"))

    assert type(error) is PublisherMisconfigured
    assert len(stream_server.requests) == 1
    assert "redirect" in str(error).lower()


def test_a_redirect_to_nowhere_stops_the_lane(fail: Fail) -> None:
    error = fail(as_page(302))

    assert type(error) is PublisherMisconfigured
    assert "302" in str(error)


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
def test_streams_refusals_are_told_apart(
    fail: Fail, answer: Answer, ours: type[PublishError]
) -> None:
    error = fail(answer)

    assert type(error) is ours
    assert str(error).startswith("Stream: ")
    assert "the reason" in str(error)
    assert type(error.__cause__).__module__ == "stream.exceptions"


def test_a_refused_field_is_named(fail: Fail) -> None:
    fields = {"verb": ["may not be blank"]}
    error = fail(refusal(400, 4, "InputException", exception_fields=fields))

    assert "verb" in str(error)
    assert "may not be blank" in str(error)


def test_https_to_a_server_without_it_stops_the_lane(
    stream_server: FaultyServer, make_stream_publisher: Make
) -> None:
    publisher = make_stream_publisher(base_url=stream_server.url.replace("http:", "https:"))
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "SSL" in str(error)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.CUT,
        as_page(200),
        as_page(403),
        as_page(429),
        as_page(502),
        as_json([]),
        refusal(401, 3, "SignatureException"),
    ],
)
def test_no_secret_is_told(fail: Fail, stream_server: FaultyServer, fault: Answer | Fault) -> None:
    words = words_of(fail(fault))

    token = stream_server.requests[0].headers["Authorization"]
    assert token
    assert token not in words
    assert API_SECRET not in words


@pytest.mark.parametrize(
    "fault", [Fault.CUT, Fault.LOSE, as_page(502), as_page(429), as_json([]), as_page(200)]
)
def test_the_next_try_succeeds_with_one_effect(
    stream_vendor: Stream,
    stream_server: FaultyServer,
    make_stream_publisher: Make,
    fault: Answer | Fault,
) -> None:
    publisher, message = make_stream_publisher(), make_message()
    stream_server.fail(fault)
    failure_of(lambda: publisher.publish(message))

    receipt = publisher.publish(message)
    assert receipt == publisher.publish(message)
    assert len(stream_vendor.activities) == 1


def test_trouble_with_one_message_is_its_own_outcome(
    stream_server: FaultyServer, make_stream_publisher: Make
) -> None:
    stream_server.fail(as_page(502))
    outcomes = make_stream_publisher().publish_many([make_message(), make_message()])

    assert [type(outcome).__name__ for outcome in outcomes] == ["PublisherUnavailable", "Receipt"]
