"""Every error of getstream and of its transport is translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import getstream
import pytest
import requests
from dj_actions_stream.v3.errors import TRANSLATIONS, translate, translate_errors

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)


def api_error(status: int, code: int) -> getstream.StreamApiException:
    return getstream.StreamApiException(status_code=status, code=code, message="the reason")


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield every subclass that the vendor defines."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("getstream"):
            yield below
        yield from subclasses(below)


def test_every_class_of_the_vendor_is_mapped() -> None:
    unmapped = set(subclasses(getstream.StreamException)) - TRANSLATIONS.keys()

    assert unmapped == {getstream.StreamApiException}, (
        "Decide in dj_actions_stream/v3/errors.py what these mean."
    )


def test_the_vendors_classes_are_found() -> None:
    assert {kind.__name__ for kind in subclasses(getstream.StreamException)} >= {
        *("StreamApiException", "StreamRateLimitException"),
        *("StreamTransportException", "StreamTaskException"),
    }


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (getstream.StreamRateLimitException(status_code=429), RateLimited),
        (getstream.StreamTransportException("timeout"), PublisherUnavailable),
        (getstream.StreamException("why"), PublisherUnavailable),
        (requests.ConnectionError("refused"), PublisherUnavailable),
        (requests.ReadTimeout("late"), PublisherUnavailable),
        (requests.exceptions.SSLError("certificate verify failed"), PublisherMisconfigured),
        (requests.exceptions.InvalidURL("no host"), PublisherMisconfigured),
        (requests.exceptions.MissingSchema("no scheme"), PublisherMisconfigured),
        (KeyError("code"), PublisherUnavailable),
        (RuntimeError("never seen before"), PublisherUnavailable),
        (api_error(400, 4), PublishRejected),
        (api_error(400, 4711), PublishRejected),
        (api_error(401, 4711), PublisherMisconfigured),
        (api_error(404, 4711), DestinationNotFound),
        (api_error(429, 9), RateLimited),
        (api_error(500, 4711), PublisherUnavailable),
        (api_error(200, 0), PublisherUnavailable),
        (api_error(403, 0), PublisherMisconfigured),
        (api_error(413, 0), PublishRejected),
    ],
    ids=repr,
)
def test_an_error_is_translated(error: Exception, ours: type[PublishError]) -> None:
    assert type(translate(error)) is ours


def test_the_status_of_a_response_is_kept() -> None:
    assert translate(api_error(503, code=-1)).status == 503
    assert translate(api_error(502, code=0)).status == 502
    assert translate(requests.ConnectionError("refused")).status is None


def test_the_cause_is_chained_and_quoted() -> None:
    cause = requests.ReadTimeout("late")

    expected = pytest.raises(PublisherUnavailable, match="Stream: ReadTimeout: late")
    with expected as caught, translate_errors():
        raise cause
    assert caught.value.__cause__ is cause


def test_our_own_errors_pass_unchanged() -> None:
    own = PublishRejected("ours")

    with pytest.raises(PublishRejected) as caught, translate_errors():
        raise own
    assert caught.value is own
