"""Check responses before getstream reads them."""

from __future__ import annotations

from typing import Any

import getstream as vendor
import requests

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.publishers.http import sentences
from dj_actions_stream.transport.responses import NOT_STREAM
from dj_actions_stream.v3.errors import translate_foreign

FIRST_ERROR_STATUS = 399
"""getstream treats every status from here on as an error."""

MAX_DEPTH = 100
"""Levels of nested JSON. getstream needs memory by the square of the depth."""


def require_readable(response: requests.Response) -> None:
    """Check that getstream can read a response.

    It would use up all memory for deeply nested JSON, and raise KeyError for an error without all
    of Stream's fields, by which the status is lost.

    Raises:
        getstream.StreamApiException: the response is an error of Stream.
        PublishError: it is not Stream's, but for example a page of a proxy.
    """
    status, body = response.status_code, _object_in(response)
    if status >= FIRST_ERROR_STATUS:
        raise _error_in(body, status) or translate_foreign(status, _start_of(response))
    if body is None:
        raise PublisherUnavailable(sentences(_start_of(response), NOT_STREAM))


def _start_of(response: requests.Response) -> str:
    return f"Stream: {response.status_code} {response.text[:200]}"


def _object_in(response: requests.Response) -> dict[str, Any] | None:
    """Return the JSON object in a response, or None if there is none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and _depth_of(body) <= MAX_DEPTH else None


def _depth_of(value: Any) -> int:
    """Return the number of levels of a JSON value, counted up to one above the maximum."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        inner = (
            entry.values() if isinstance(entry, dict) else entry
            for entry in level
            if isinstance(entry, (dict, list))
        )
        level = [entry for entries in inner for entry in entries]
    return depth


def _error_in(body: dict[str, Any] | None, status: int) -> vendor.StreamApiException | None:
    """Return the error of Stream in a body, or None if it is not one."""
    if body is None or type(body.get("code")) is not int or type(body.get("message")) is not str:
        return None
    fields = body.get("exception_fields")
    reasons = fields.items() if isinstance(fields, dict) else ()
    return vendor.StreamApiException(
        status_code=status,
        code=body["code"],
        message=" ".join([body["message"], *(f"{name}: {reason}" for name, reason in reasons)]),
        unrecoverable=body.get("unrecoverable") is True,
    )
