"""Translate errors of getstream and of its transport; no other module of v3 handles them.

The codes are Stream's, https://getstream.io/activity-feeds/docs/python/common_errors/. Feeds v3
shares them with Stream's other products.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any

import getstream as vendor

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.publishers.http import sentences
from dj_actions_stream.transport.errors import TRANSPORT_ERRORS
from dj_actions_stream.transport.responses import NOT_STREAM, TRANSIENT_STATUSES
from dj_actions_stream.transport.translation import translated, translating

CHECK_ADDRESS = (
    "Check that base_url is the address of Stream's API, and that no proxy is in front of it."
)

TRANSLATIONS: Mapping[type[Exception], type[PublishError]] = {
    vendor.StreamRateLimitException: RateLimited,
    vendor.StreamTransportException: PublisherUnavailable,
    vendor.StreamTaskException: PublisherUnavailable,
    vendor.StreamException: PublisherUnavailable,
    **TRANSPORT_ERRORS,
}
"""Vendor class → our class. `StreamApiException` is classified by its code and its status."""

CODES: Mapping[int, type[PublishError]] = {
    # Errors of the account, not of the activity.
    2: PublisherMisconfigured,  # API key
    5: PublisherMisconfigured,  # authentication
    40: PublisherMisconfigured,  # token expired
    41: PublisherMisconfigured,  # token not valid yet
    42: PublisherMisconfigured,  # token issued in the future
    43: PublisherMisconfigured,  # signature of the token
    99: PublisherMisconfigured,  # app suspended
    9: RateLimited,
    # Feed groups and feeds may be created later.
    16: DestinationNotFound,
    # Errors of the activity.
    4: PublishRejected,  # input
    17: PublishRejected,  # not allowed
    22: PublishRejected,  # payload too large
    # Errors of Stream itself.
    23: PublisherUnavailable,  # timeout
    -1: PublisherUnavailable,  # internal
}
"""Stream's error code → our class. Other codes are classified by the status."""

STATUSES: Mapping[int, type[PublishError]] = {
    HTTPStatus.UNAUTHORIZED: PublisherMisconfigured,
    HTTPStatus.NOT_FOUND: DestinationNotFound,
}
"""Client errors in Stream's own JSON that are not about the activity."""


def translate_errors() -> AbstractContextManager[None]:
    """Raise each error of the client as a PublishError, with the cause chained."""
    return translating(translate)


def translate(error: Exception) -> PublishError:
    """Return the PublishError for an error of the client."""
    return translated(error, _classify)


def _classify(error: Exception, message: str) -> PublishError:
    for kind in type(error).__mro__:
        if kind is vendor.StreamApiException:
            return _translate_api_error(error, message)
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](message)
    # The client stumbles over a response that it does not expect.
    return PublisherUnavailable(sentences(message, NOT_STREAM))


def _translate_api_error(error: Any, message: str) -> PublishError:
    if error.code in CODES:
        return CODES[error.code](message)
    status = error.status_code
    if not error.code:  # getstream could not parse a response
        return translate_foreign(status, message)
    if _is_transient(status):
        return PublisherUnavailable(message)
    return STATUSES.get(status, PublishRejected)(message)


def translate_foreign(status: int, message: str) -> PublishError:
    """Classify a response that is not Stream's by its status.

    A 2xx status gets here if the body was truncated or replaced in transit: the activity was
    probably stored, and storing it again is harmless.
    """
    if _is_transient(status):
        return PublisherUnavailable(sentences(message, NOT_STREAM), status=status)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return PublishRejected(message, status=status)
    return PublisherMisconfigured(sentences(message, CHECK_ADDRESS), status=status)


def _is_transient(status: int) -> bool:
    return not 300 <= status < 500 or status in TRANSIENT_STATUSES  # noqa: PLR2004 - classes of HTTP statuses
