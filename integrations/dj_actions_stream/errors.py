"""The vendor's errors in our words: the only place that knows them.

Which class means what: Stream's error codes,
https://getstream.io/activity-feeds/docs/python/error_codes/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests
from stream import exceptions as vendor

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)

STUMBLES = (KeyError, AttributeError)
"""What the client's parser raises for JSON that is not Stream's."""

NO_ANSWER = "This was no answer of Stream; does a proxy stand between?"

TRANSLATIONS: Mapping[type[Exception], type[PublishError]] = {
    # The account, not the message.
    vendor.ApiKeyException: PublisherMisconfigured,
    vendor.SignatureException: PublisherMisconfigured,
    vendor.SiteSuspendedException: PublisherMisconfigured,
    # Feed groups are made in the dashboard; someone may be doing it.
    vendor.FeedConfigException: DestinationNotFound,
    vendor.RateLimitReached: RateLimited,
    # The message.
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
    # The way there. The client does not wrap what requests raises.
    requests.exceptions.SSLError: PublisherMisconfigured,
    requests.exceptions.InvalidURL: PublisherMisconfigured,
    requests.exceptions.InvalidSchema: PublisherMisconfigured,
    requests.exceptions.MissingSchema: PublisherMisconfigured,
    requests.exceptions.TooManyRedirects: PublisherMisconfigured,
    requests.exceptions.RequestException: PublisherUnavailable,
    # The client's parser, on an answer that is no answer of Stream.
    **dict.fromkeys(STUMBLES, PublisherUnavailable),
    # The client's own checks, before it sends anything.
    TypeError: PublishRejected,
    ValueError: PublishRejected,
}
"""Vendor class → ours. `StreamApiException` itself is judged by its status."""

REFUSALS_OF_THE_MESSAGE = frozenset({400, 409, 413, 422})
"""Statuses that say something about the message, when Stream's own JSON comes with them."""

PASSING_STATUSES = frozenset({408, 425, 429})
"""Refusals that pass; so do all of the server's own failures."""

REQUEST_TOO_LARGE = 413
"""Proxies refuse a large body themselves, in their own words."""

NO_JSON = "GetStreamAPI"
"""How the client begins the text of an error whose answer was no JSON of Stream."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the client raises into a PublishError, with the cause chained."""
    try:
        yield
    except PublishError:
        raise
    except Exception as error:
        raise translate(error) from error


def translate(error: Exception) -> PublishError:
    """Return our error for the client's."""
    message = f"Stream: {type(error).__name__}: {error}"
    if isinstance(error, STUMBLES):
        message += f". {NO_ANSWER}"
    for kind in type(error).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](message)
    if isinstance(error, vendor.StreamApiException):
        return _by_status(error, message)
    return PublisherUnavailable(message)


def _by_status(error: vendor.StreamApiException, message: str) -> PublishError:
    """Judge an error that has no class of its own.

    A 2xx ends up here when its body was cut or replaced on the way: the activity was probably
    added, and adding it again does no harm. A refusal without Stream's own JSON comes from
    something else that answers at this address.
    """
    status = getattr(error, "status_code", None) or 0
    if not 300 <= status < 500 or status in PASSING_STATUSES:  # noqa: PLR2004 - classes of HTTP statuses
        return PublisherUnavailable(f"{message}. {NO_ANSWER}")
    if status in REFUSALS_OF_THE_MESSAGE and not str(error).startswith(NO_JSON):
        return PublishRejected(message)
    if status == REQUEST_TOO_LARGE:
        return PublishRejected(message)
    return PublisherMisconfigured(
        f"{message} Is base_url the address of a feeds server, and does nothing stand between?"
    )
