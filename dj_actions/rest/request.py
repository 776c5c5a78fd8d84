"""What a request brings: its body, its trace context, and whether it is meant."""

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
"""Query parameter of a request that only wants to know what would happen."""

YES = frozenset({"", "1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


class PayloadTooLarge(APIException):
    """The body is larger than DJ_ACTIONS["MAX_BODY_BYTES"]."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "payload_too_large"


def refuse_large_body(request: Request) -> None:
    """Raise PayloadTooLarge by the announced length, before anything is read."""
    limit = get_settings().max_body_bytes
    header = str(request.META.get("CONTENT_LENGTH") or "0")
    # More digits than any body has bytes would only keep int() busy.
    length = int(header[:20]) if header.isdecimal() else 0
    if length > limit:
        raise PayloadTooLarge(
            f"The body has {length} bytes; an action takes at most {limit}. Send less at once."
        )


def body_of(request: Request) -> Any:
    """Return the parsed body.

    Raises:
        ParseError: it cannot be read, in whichever way.
        PayloadTooLarge: it has more bytes than Django reads of a form.
    """
    try:
        return request.data
    except RequestDataTooBig as error:  # more than Django reads of a form
        raise PayloadTooLarge(str(error)) from None
    except SuspiciousOperation as error:  # more fields or files than Django reads of a form
        raise ParseError(str(error)) from None
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply.") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"The body cannot be decoded - {error}") from None


def traceparent_of(request: Request) -> str:
    """Return the request's trace context, or an empty string if it has none that is valid."""
    header = request.headers.get("traceparent", "")
    return header if TRACEPARENT.fullmatch(header) else ""


def is_dry_run(request: Request) -> bool:
    """Tell whether the request clearly asks that everything is rolled back."""
    return DRY_RUN in request.query_params and request.query_params[DRY_RUN].lower() in YES


def wants_dry_run(request: Request) -> bool:
    """Tell whether everything is to be rolled back in the end.

    Raises:
        ValidationError: the parameter is neither yes nor no: better to do nothing.
    """
    if DRY_RUN not in request.query_params:
        return False
    value = request.query_params[DRY_RUN].lower()
    if value in YES or value in NO:
        return value in YES
    raise ValidationError({DRY_RUN: [f"{value!r} is neither 1 nor 0."]})
