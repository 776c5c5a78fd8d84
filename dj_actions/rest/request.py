"""Read a request: its body, its trace context, and its dry_run parameter."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.request import Request

from dj_actions.conf import get_settings

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header."""


DRY_RUN = "dry_run"
"""Query parameter of a request whose changes are rolled back."""

YES = frozenset({"", "1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


class PayloadTooLarge(APIException):
    """The body is larger than DJ_ACTIONS["MAX_BODY_BYTES"]."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "payload_too_large"


def refuse_large_body(request: Request) -> None:
    """Raise PayloadTooLarge by the Content-Length header, before the body is read."""
    limit = get_settings().max_body_bytes
    header = str(request.META.get("CONTENT_LENGTH") or "0")
    # Cut: int() is slow for thousands of digits.
    length = int(header[:20]) if header.isdecimal() else 0
    if length > limit:
        raise PayloadTooLarge(
            f"The request body has {length} bytes; the maximum is {limit}. "
            "Send less data in one request."
        )


def body_of(request: Request) -> Any:
    """Return the parsed body.

    Raises:
        ParseError: it cannot be parsed.
        PayloadTooLarge: it is larger than DATA_UPLOAD_MAX_MEMORY_SIZE.
    """
    try:
        return request.data
    except RequestDataTooBig as error:  # DATA_UPLOAD_MAX_MEMORY_SIZE
        raise PayloadTooLarge(str(error)) from None
    except SuspiciousOperation as error:  # DATA_UPLOAD_MAX_NUMBER_FIELDS or _FILES
        raise ParseError(str(error)) from None
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply.") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"The body cannot be decoded - {error}") from None


def traceparent_of(request: Request) -> str:
    """Return the request's trace context; an empty string if it is missing or invalid."""
    header = request.headers.get("traceparent", "")
    return header if TRACEPARENT.fullmatch(header) else ""


def is_dry_run(request: Request) -> bool:
    """Return whether the request is a dry run; False for an invalid parameter."""
    return DRY_RUN in request.query_params and request.query_params[DRY_RUN].lower() in YES


def wants_dry_run(request: Request) -> bool:
    """Return whether the request is a dry run.

    Raises:
        ValidationError: the parameter is neither true nor false.
    """
    if DRY_RUN not in request.query_params:
        return False
    value = request.query_params[DRY_RUN].lower()
    if value in YES or value in NO:
        return value in YES
    raise ValidationError({DRY_RUN: [f"{value!r} is not a valid boolean; use 1 or 0."]})
