"""Responses that are not Stream's own, or that a client would misread."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import requests

from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.publishers.http import rate_limit_wait, retry_after_seconds, without_secrets

NOT_STREAM = "This response is not Stream's. Is a proxy in front of it?"

TRANSIENT_STATUSES = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Client errors worth a retry, in addition to every 5xx."""

MAX_ERROR_LENGTH = 1000
"""Characters of an error that a message repeats."""


def raise_for_misparsed_response(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    """Raise for a response that the client would follow, or misread, or drop the status of."""
    # Otherwise requests would guess, or believe the server: some encodings take hours to decode.
    response.encoding = "utf-8"
    if response.status_code == requests.codes.too_many_requests:
        response.close()
        raise RateLimited(
            "Stream: 429 Too Many Requests.",
            retry_after=rate_limit_wait(response.headers),
            status=response.status_code,
        )
    # Without a `detail` the client fails to parse the response, and the status is lost.
    is_server_error = response.status_code >= requests.codes.internal_server_error
    wait = retry_after_seconds(response.headers.get("Retry-After"))
    if is_server_error and (wait is not None or '"detail"' not in response.text):
        raise PublisherUnavailable(
            f"Stream: {response.status_code} {response.text[:200]}",
            retry_after=wait,
            status=response.status_code,
        )
    if 300 <= response.status_code < 400:  # noqa: PLR2004 - the class of HTTP redirects
        response.close()
        raise PublisherMisconfigured(
            f"Stream: {response.status_code} redirects to "
            f"{without_secrets(response.headers.get('Location', 'nowhere'))}. "
            "Check that base_url is the address of a feeds server, with the right scheme.",
            status=response.status_code,
        )
