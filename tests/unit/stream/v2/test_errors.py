"""Every error of stream-python and of the transport is translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from dj_actions_stream.v2.errors import TRANSLATIONS, translate, translate_errors
from stream import exceptions as vendor

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield every subclass that the vendor defines."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("stream."):
            yield below
        yield from subclasses(below)


def test_every_class_of_the_vendor_is_mapped() -> None:
    unmapped = set(subclasses(vendor.StreamApiException)) - TRANSLATIONS.keys()

    assert unmapped == set(), "Decide in dj_actions_stream/errors.py what these mean."


def test_the_vendors_classes_are_found() -> None:
    assert len(set(subclasses(vendor.StreamApiException))) >= 15


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (vendor.ApiKeyException, PublisherMisconfigured),
        (vendor.SignatureException, PublisherMisconfigured),
        (vendor.SiteSuspendedException, PublisherMisconfigured),
        (vendor.FeedConfigException, DestinationNotFound),
        (vendor.RateLimitReached, RateLimited),
        (vendor.InputException, PublishRejected),
        (vendor.CustomFieldException, PublishRejected),
        (vendor.NotAllowedException, PublishRejected),
        (vendor.DoesNotExistException, PublishRejected),
        # Subclasses of FeedConfigException with another meaning.
        (vendor.MissingRankingException, PublishRejected),
        (vendor.MissingUserException, PublishRejected),
        (vendor.RankingException, PublishRejected),
    ],
)
def test_a_class_of_the_vendor_is_translated(kind: Any, ours: type[PublishError]) -> None:
    assert type(translate(kind("why", status_code=400))) is ours


def test_a_subclass_of_a_mapped_class_is_treated_like_it() -> None:
    kind = type("NewKeyException", (vendor.ApiKeyException,), {})

    assert type(translate(kind("why"))) is PublisherMisconfigured


@pytest.mark.parametrize(
    ("ours", "statuses"),
    [
        (PublisherUnavailable, [200, 204, 408, 425, 429, 500, 502, 503, 504, 599]),
        (PublisherMisconfigured, [302, 400, 401, 403, 404, 405, 407, 409, 422]),
        (PublishRejected, [413]),
    ],
)
def test_a_response_that_is_not_streams_is_classified_by_its_status(
    ours: type[PublishError], statuses: list[int]
) -> None:
    for status in statuses:
        # The client's message for a response without JSON.
        error = translate(vendor.StreamApiException(f"GetStreamAPI{status}", status_code=status))
        assert type(error) is ours
        assert str(status) in str(error)


@pytest.mark.parametrize(
    ("ours", "statuses"),
    [
        (PublisherUnavailable, [408, 425, 429, 500, 503]),
        (PublisherMisconfigured, [401, 404]),
        (DestinationNotFound, [403, 405]),
        (PublishRejected, [400, 409, 413, 422]),
    ],
)
def test_a_code_of_stream_without_a_class_is_classified_by_its_status(
    ours: type[PublishError], statuses: list[int]
) -> None:
    for status in statuses:
        error = translate(vendor.StreamApiException("the reason", status_code=status))
        assert type(error) is ours
        assert "the reason" in str(error)


def test_the_status_of_a_response_is_kept() -> None:
    assert translate(vendor.StreamApiException("why", status_code=503)).status == 503
    assert translate(vendor.InputException("why", status_code=400)).status == 400
    assert translate(requests.ConnectionError("refused")).status is None


def test_a_server_that_cannot_be_reached_is_named_first() -> None:
    """A list shows the start of an error: the names of urllib3's classes would fill it."""
    with pytest.raises(requests.ConnectionError) as refused:
        requests.get("http://127.0.0.1:9/feed/", timeout=5)
    text = str(translate(refused.value))

    assert text.startswith("Stream: ConnectionError: 127.0.0.1:9: ")
    assert text.endswith("Failed to establish a new connection: [Errno 111] Connection refused")


def test_an_error_without_a_status_is_retried() -> None:
    assert type(translate(vendor.StreamApiException("why"))) is PublisherUnavailable


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("refused"),
        requests.ConnectTimeout("late"),
        requests.ReadTimeout("late"),
        requests.exceptions.ChunkedEncodingError("cut"),
        requests.exceptions.ContentDecodingError("cut"),
        requests.exceptions.ProxyError("down"),
        requests.RequestException("anything"),
        RuntimeError("never seen before"),
        jwt.PyJWTError("never seen before"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_transport_error_is_retried(error: Exception) -> None:
    assert type(translate(error)) is PublisherUnavailable


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.SSLError("certificate verify failed"),
        requests.exceptions.InvalidURL("no host"),
        requests.exceptions.InvalidSchema("ftp"),
        requests.exceptions.MissingSchema("no scheme"),
        requests.exceptions.TooManyRedirects("1"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_address_that_cannot_work_stops_the_lane(error: Exception) -> None:
    assert type(translate(error)) is PublisherMisconfigured


@pytest.mark.parametrize("error", [TypeError("to is not a list"), ValueError("invalid feed id")])
def test_what_the_client_refuses_to_send_is_rejected(error: Exception) -> None:
    assert type(translate(error)) is PublishRejected


def test_the_message_has_the_vendors_class_and_detail() -> None:
    error = translate(vendor.ApiKeyException("api key is not valid", status_code=401))

    assert str(error) == "Stream: ApiKeyException: api key is not valid"


def test_the_cause_is_chained() -> None:
    cause = requests.ReadTimeout("late")

    with pytest.raises(PublisherUnavailable) as caught, translate_errors():
        raise cause
    assert caught.value.__cause__ is cause


def test_our_own_errors_pass_unchanged() -> None:
    own = PublishRejected("ours")

    with pytest.raises(PublishRejected) as caught, translate_errors():
        raise own
    assert caught.value is own


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_request_to_stop_is_not_translated(kind: type[BaseException]) -> None:
    with pytest.raises(kind), translate_errors():
        raise kind
