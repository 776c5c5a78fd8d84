"""Read a request: its trace context, its parent, its machine token, and its dry_run parameter."""

from __future__ import annotations

import functools
import re
from typing import Any
from uuid import UUID

from django.http.request import HttpHeaders
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from dj_actions.execution.chain import HEADER as PARENT_HEADER
from dj_actions.models import MachineToken

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header."""

EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""An event id as responses have it, and no other spelling of a UUID."""

DRY_RUN = "dry_run"
"""Query parameter of a request whose changes are rolled back."""

NOT_LETTERS = re.compile(r"[\W_]")

YES = frozenset({"", "1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


def header_of(request: Request, name: str) -> str | None:
    """Return a header of the request, None without it.

    `request.headers` raises and catches an error for each header that is missing, as most are.
    """
    value: str | None = request.META.get(_meta_key(name))
    return value


@functools.cache
def _meta_key(name: str) -> str:
    return HttpHeaders.to_wsgi_name(name)


def traceparent_of(request: Request) -> str:
    """Return the request's trace context; an empty string if it is missing or invalid."""
    header = header_of(request, "traceparent") or ""
    return header if TRACEPARENT.fullmatch(header) else ""


def parent_of(request: Request) -> UUID | None:
    """Return the id of the event that led to the request, None without one.

    Raises:
        ValidationError: the header is not an event id.
    """
    header = header_of(request, PARENT_HEADER)
    if header is None:
        return None
    if not EVENT_ID.fullmatch(header):
        raise ValidationError({PARENT_HEADER: [f"{header[:100]!r} is not a valid event id."]})
    return UUID(header)


def parent_of_refused(request: Request) -> UUID | None:
    """Return the same for a request that was refused, perhaps because of the header."""
    try:
        return parent_of(request)
    except ValidationError:
        return None


def machine_token_of(request: Any) -> MachineToken | None:
    """Return the machine token that a request was authenticated with, if any.

    Args:
        request: the request; None while the API is described.
    """
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, MachineToken) else None


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
