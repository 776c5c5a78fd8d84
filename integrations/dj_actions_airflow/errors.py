"""The vendor's errors in our words: the only place that knows them.

What Airflow's API answers to what: its OpenAPI document,
https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pydantic
import urllib3.exceptions as transport
from airflow_client.client import exceptions as vendor

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.publishers.http import retry_after_seconds

TRANSLATIONS: Mapping[type[Exception], type[PublishError]] = {
    vendor.BadRequestException: PublishRejected,
    vendor.UnprocessableEntityException: PublishRejected,
    vendor.ConflictException: PublishRejected,
    # The token has been renewed before this is asked: the user may not, or is not known.
    vendor.UnauthorizedException: PublisherMisconfigured,
    vendor.ForbiddenException: PublisherMisconfigured,
    vendor.NotFoundException: DestinationNotFound,
    vendor.ServiceException: PublisherUnavailable,
    # The client's own checks of what it is about to send.
    vendor.ApiTypeError: PublishRejected,
    vendor.ApiValueError: PublishRejected,
    vendor.ApiAttributeError: PublishRejected,
    vendor.ApiKeyError: PublishRejected,
    # An answer that is no answer of Airflow, after the request was sent: the outcome is unknown.
    pydantic.ValidationError: PublisherUnavailable,
    # The way there. The client does not wrap what urllib3 raises.
    transport.SSLError: PublisherMisconfigured,
    transport.LocationValueError: PublisherMisconfigured,
    transport.HTTPError: PublisherUnavailable,
}
"""Vendor class → ours. Other `ApiException`s are judged by their status."""

REQUEST_TOO_LARGE = 413
TOO_MANY_REQUESTS = 429
FIRST_SERVER_ERROR = 500
PASSING_STATUSES = frozenset({408, 425})
"""Refusals that pass; so do all of the server's own failures."""

UNREADABLE = (pydantic.ValidationError, json.JSONDecodeError, UnicodeDecodeError)
"""What an answer raises that Airflow cannot have given."""

STALE_TOKEN = ("Invalid JWT token", "Token Expired", "Not authenticated")
"""What Airflow says of a token that a new one would mend, with status 401 or 403."""


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn what the client raises into a PublishError, with the cause chained.

    Args:
        what: what was asked for, to begin the message with.
    """
    try:
        yield
    except PublishError:
        raise
    except Exception as error:
        raise translate(error, what) from error


def translate(error: Exception, what: str) -> PublishError:
    """Return our error for the client's."""
    # urllib3 wraps the reason when its own retries, which we have switched off, are used up.
    inner = getattr(error, "reason", None)
    if isinstance(error, transport.MaxRetryError) and isinstance(inner, Exception):
        return translate(inner, what)
    message = f"{what}: {_reason(error)}"
    if isinstance(error, UNREADABLE):
        message += ". This was no answer of Airflow; does a proxy stand between?"
    if isinstance(error, vendor.ApiException):
        return _of_answer(error, message)
    for kind in type(error).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](message)
    return PublisherUnavailable(message)


def _of_answer(error: vendor.ApiException, message: str) -> PublishError:
    """Judge an answer by its class, if Airflow gave it, else by its status alone."""
    detail = _detail(error)
    if type(error) not in TRANSLATIONS or (detail is None and error.status < FIRST_SERVER_ERROR):
        return _by_status(error, message)
    if isinstance(error, vendor.BadRequestException) and "import errors" in str(detail):
        return DestinationNotFound(message)
    if isinstance(error, vendor.NotFoundException) and "Dag" not in str(detail):
        return _misconfigured(message)
    return TRANSLATIONS[type(error)](message)


def is_stale_token(error: Exception) -> bool:
    """Tell whether a new token would mend this refusal."""
    refused = isinstance(error, (vendor.UnauthorizedException, vendor.ForbiddenException))
    return refused and any(word in _reason(error) for word in STALE_TOKEN)


def _by_status(error: vendor.ApiException, message: str) -> PublishError:
    """Judge an answer that Airflow has not worded; status 0 is a failed TLS handshake."""
    status = error.status or 0
    if status == TOO_MANY_REQUESTS:
        return RateLimited(
            message, retry_after=retry_after_seconds((error.headers or {}).get("Retry-After"))
        )
    if status == REQUEST_TOO_LARGE:
        return PublishRejected(f"{message} Put less into the action's input or result.")
    if status in PASSING_STATUSES or status >= FIRST_SERVER_ERROR:
        return PublisherUnavailable(message)
    return _misconfigured(message)


def _misconfigured(message: str) -> PublisherMisconfigured:
    return PublisherMisconfigured(
        f"{message} Is base_url the address of an Airflow 3, without a path, and does nothing "
        "stand between?"
    )


def _reason(error: Exception) -> str:
    """Return Airflow's own words, where it has given any."""
    if not isinstance(error, vendor.ApiException):
        return f"{type(error).__name__}: {error}"
    detail = _detail(error)
    if detail is None:
        return f"{error.status} {error.reason or ''} {str(error.body or '')[:200]}".strip()
    return f"{error.status} {detail if isinstance(detail, str) else json.dumps(detail)}"


def _detail(error: vendor.ApiException) -> Any:
    """Return the `detail` of Airflow's JSON, or None if the answer is something else."""
    try:
        return json.loads(error.body)["detail"]
    except (TypeError, ValueError, KeyError):
        return None
