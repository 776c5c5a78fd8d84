"""Read a request: its trace context, and its dry_run parameter."""

from __future__ import annotations

import re

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header."""


DRY_RUN = "dry_run"
"""Query parameter of a request whose changes are rolled back."""

NOT_LETTERS = re.compile(r"[\W_]")

YES = frozenset({"", "1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


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
        ValidationError: the parameter is neither true nor false, or another spelling of its name
            is used: the action would run for real.
    """
    for name in request.query_params:
        if name != DRY_RUN and NOT_LETTERS.sub("", name).lower() == "dryrun":
            raise ValidationError({name: [f"There is no such parameter; use {DRY_RUN}=1."]})
    if DRY_RUN not in request.query_params:
        return False
    value = request.query_params[DRY_RUN].lower()
    if value in YES or value in NO:
        return value in YES
    raise ValidationError({DRY_RUN: [f"{value!r} is not a valid boolean; use 1 or 0."]})
