"""Translate errors of stream-python and requests; no other module handles them.

The classes follow Stream's error codes,
https://getstream.io/activity-feeds/docs/python/error_codes/.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus

from stream import exceptions as vendor

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

TRANSLATIONS: Mapping[type[Exception], type[PublishError]] = {
    # Errors of the account, not of the message.
    vendor.ApiKeyException: PublisherMisconfigured,
    vendor.SignatureException: PublisherMisconfigured,
    vendor.SiteSuspendedException: PublisherMisconfigured,
    # Feed groups are created in the dashboard, so a later attempt may succeed.
    vendor.FeedConfigException: DestinationNotFound,
    vendor.RateLimitReached: RateLimited,
    # Errors of the message.
    vendor.InputException: PublishRejected,
    vendor.CustomFieldException: PublishRejected,
    vendor.NotAllowedException: PublishRejected,
    vendor.DoesNotExistException: PublishRejected,
    vendor.InvalidPaginationException: PublishRejected,
    vendor.MissingUserException: PublishRejected,
    vendor.MissingRankingException: PublishRejected,
    vendor.RankingException: PublishRejected,
    vendor.OldStorageBackend: PublishRejected,
    vendor.BestPracticeException: PublishRejected,
    **TRANSPORT_ERRORS,  # the client does not wrap them
    # The client's own validation of the activity. `FeedsClient` translates what it raises while it
    # sends a request or reads a response.
    TypeError: PublishRejected,
    ValueError: PublishRejected,
}
"""Vendor class → our class. `StreamApiException` itself is classified by its status."""

MESSAGE_ERROR_STATUSES = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Statuses that are about the message if the response has Stream's own JSON."""

REFUSAL_STATUSES = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED})
"""Statuses of Stream's own JSON that say that something is not permitted."""

NON_JSON_PREFIX = "GetStreamAPI"
"""Start of the client's error message if the response was not Stream's JSON."""


def translate_errors() -> AbstractContextManager[None]:
    """Raise each error of the client as a PublishError, with the cause chained."""
    return translating(translate)


def translate(error: Exception) -> PublishError:
    """Return the PublishError for an error of the client."""
    return translated(error, _classify)


def _classify(error: Exception, message: str) -> PublishError:
    for kind in type(error).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](message)
    if isinstance(error, vendor.StreamApiException):
        return _translate_status(error, message)
    return PublisherUnavailable(message)


def _translate_status(error: vendor.StreamApiException, message: str) -> PublishError:
    """Classify an error without a class of its own by its status.

    A 2xx status gets here if the body was truncated or replaced in transit: the activity was
    probably added, and adding it again is harmless. An error without Stream's own JSON comes from
    another server at this address.
    """
    status = getattr(error, "status_code", None) or 0
    is_stream = not str(error).startswith(NON_JSON_PREFIX)
    if not 300 <= status < 500 or status in TRANSIENT_STATUSES:  # noqa: PLR2004 - classes of HTTP statuses
        return PublisherUnavailable(message if is_stream else sentences(message, NOT_STREAM))
    if is_stream and status in MESSAGE_ERROR_STATUSES:
        return PublishRejected(message)
    if is_stream and status in REFUSAL_STATUSES:
        # It may be about one message only, so it must not stop the lane.
        return DestinationNotFound(message)
    # A proxy rejects a large body itself, without Stream's JSON.
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return PublishRejected(message)
    return PublisherMisconfigured(
        sentences(
            message,
            "Check that base_url, or location, is the address of a feeds server, and that no proxy "
            "is in front of it.",
        )
    )
