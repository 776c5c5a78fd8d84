"""Translate errors of apache-airflow-client and urllib3; no other module handles them.

The statuses that Airflow's API returns are in its OpenAPI document,
https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

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
from dj_actions.publishers.bounded import ResponseTooLarge
from dj_actions.publishers.http import (
    rate_limit_wait,
    retry_after_seconds,
    sentences,
    with_status,
    without_secrets,
)

TRANSLATIONS: Mapping[type[Exception], type[PublishError]] = {
    vendor.BadRequestException: PublishRejected,
    vendor.UnprocessableEntityException: PublishRejected,
    vendor.ConflictException: PublishRejected,
    # A stale token has been renewed by now: the user is unknown or lacks the permission.
    vendor.UnauthorizedException: PublisherMisconfigured,
    vendor.ForbiddenException: PublisherMisconfigured,
    vendor.NotFoundException: DestinationNotFound,
    vendor.ServiceException: PublisherUnavailable,
    # The client's own validation, before it sends a request.
    vendor.ApiTypeError: PublishRejected,
    vendor.ApiValueError: PublishRejected,
    vendor.ApiAttributeError: PublishRejected,
    vendor.ApiKeyError: PublishRejected,
    # Transport errors. The client does not wrap those of urllib3.
    transport.SSLError: PublisherMisconfigured,
    transport.LocationValueError: PublisherMisconfigured,
    transport.HTTPError: PublisherUnavailable,
}
"""Vendor class → our class. Other `ApiException`s are classified by their status."""

TRANSIENT_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
"""Client errors worth a retry, in addition to every 5xx."""

MAX_MESSAGE_LENGTH = 1500
"""Characters of an error message, to which advice may be added."""

STALE_TOKEN_DETAILS = ("Invalid JWT token", "Token Expired", "Not authenticated")
"""Airflow's wording, with status 401 or 403, for a token that has to be renewed."""


@contextmanager
def translate_errors(failure: str) -> Iterator[None]:
    """Raise each error of the client as a PublishError, with the cause chained.

    Args:
        failure: what Airflow did not do; the message starts with it.
    """
    try:
        yield
    except ResponseTooLarge as error:
        raise PublisherUnavailable(f"{failure}: {error}. Is a proxy in front of it?") from error
    except PublishError:
        raise
    except Exception as error:
        raise translate(error, failure) from error


@contextmanager
def blame_options() -> Iterator[None]:
    """Raise PublisherMisconfigured if a request cannot even be sent.

    Errors of the transport pass. All others are of the address, the proxy or the timeouts, and no
    message is to blame.
    """
    try:
        yield
    except (transport.HTTPError, vendor.OpenApiException, PublishError):
        raise
    except (TypeError, ValueError, ArithmeticError, OSError) as error:
        raise PublisherMisconfigured(
            without_secrets(
                "Airflow: nothing can be sent. Check base_url, the timeouts, and the proxy and "
                f"certificates of the environment. {type(error).__name__}: {error}"
            )
        ) from error


def translate(error: Exception, failure: str) -> PublishError:
    """Return the PublishError for an error of the client."""
    # urllib3 wraps the reason once its retries are exhausted, even with retries disabled.
    inner = getattr(error, "reason", None)
    if isinstance(error, transport.MaxRetryError) and isinstance(inner, Exception):
        return translate(inner, failure)
    message = without_secrets(f"{failure}: {_reason(error)}")[:MAX_MESSAGE_LENGTH]
    if isinstance(error, vendor.ApiException):
        return with_status(_translate_response(error, message), error.status)
    for kind in type(error).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](message)
    return PublisherUnavailable(message)


def _translate_response(error: vendor.ApiException, message: str) -> PublishError:
    """Classify Airflow's own responses by their class, and all others by their status."""
    detail = _detail(error)
    is_client_error = (error.status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR
    if type(error) not in TRANSLATIONS or (detail is None and is_client_error):
        return _translate_status(error, message)
    if isinstance(error, vendor.BadRequestException) and "import errors" in str(detail):
        return DestinationNotFound(message)
    if isinstance(error, vendor.NotFoundException) and _is_unknown_path(detail):
        return _misconfigured(message)
    if isinstance(error, vendor.ServiceException):
        return _unavailable(error, message)
    return TRANSLATIONS[type(error)](message)


def _is_unknown_path(detail: object) -> bool:
    """Return whether the server has no such path; otherwise Airflow says what it did not find."""
    return str(detail).rstrip(".").lower() == "not found"


def is_stale_token(error: Exception) -> bool:
    """Return whether Airflow says that the token has to be renewed."""
    denied = isinstance(error, (vendor.UnauthorizedException, vendor.ForbiddenException))
    return denied and any(detail in _reason(error) for detail in STALE_TOKEN_DETAILS)


def is_forbidden(error: Exception) -> bool:
    """Return whether Airflow itself says that the user lacks a permission."""
    is_own = isinstance(error, vendor.ForbiddenException) and _detail(error) is not None
    return is_own and not is_stale_token(error)


def is_unauthorized(error: Exception) -> bool:
    """Return whether a proxy in front of Airflow refused the request."""
    return isinstance(error, vendor.UnauthorizedException) and _detail(error) is None


def is_outage(error: Exception) -> bool:
    """Return whether there was no response of a working server."""
    return isinstance(error, (transport.HTTPError, vendor.ServiceException))


def is_missing_run(error: vendor.NotFoundException) -> bool:
    """Return whether Airflow itself says that there is no such run."""
    return "DagRun" in str(_detail(error))


def _translate_status(error: vendor.ApiException, message: str) -> PublishError:
    """Classify a response that is not Airflow's; status 0 is a failed TLS handshake."""
    status = error.status or 0
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(message, retry_after=rate_limit_wait(error.headers or {}))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return PublishRejected(sentences(message, "Reduce the action's input or result."))
    if status in TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unavailable(error, message)
    return _misconfigured(message)


def _unavailable(error: vendor.ApiException, message: str) -> PublisherUnavailable:
    wait = retry_after_seconds((error.headers or {}).get("Retry-After"))
    return PublisherUnavailable(message, retry_after=wait)


def _misconfigured(message: str) -> PublisherMisconfigured:
    return PublisherMisconfigured(
        sentences(
            message,
            "Check that base_url is the address of an Airflow 3 server, with the path that it has, "
            "and that what is in front of it lets the request pass.",
        )
    )


def _reason(error: Exception) -> str:
    """Return Airflow's own error message, if the response has one."""
    if not isinstance(error, vendor.ApiException):
        return f"{type(error).__name__}: {error}"
    detail = _detail(error)
    if detail is None:
        return f"{error.status} {error.reason or ''} {str(error.body or '')[:200]}".strip()
    return f"{error.status} {detail if isinstance(detail, str) else json.dumps(detail)}"


def _detail(error: vendor.ApiException) -> Any:
    """Return the `detail` of Airflow's JSON, or None if the response is not Airflow's."""
    try:
        return json.loads(error.body)["detail"]
    except (TypeError, ValueError, KeyError, RecursionError):
        return None
