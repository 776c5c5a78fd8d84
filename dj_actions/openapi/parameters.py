"""The headers and query parameters of actions."""

from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import OpenApiParameter
from rest_framework import status

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.idempotency import HEADER as IDEMPOTENCY_HEADER
from dj_actions.execution.idempotency import REPLAYED_HEADER
from dj_actions.outbox.events import IDEMPOTENCY_KEY_LENGTH
from dj_actions.rest.request import DRY_RUN
from dj_actions.rest.viewset import EVENT_HEADER

SUCCESS = (status.HTTP_200_OK, status.HTTP_207_MULTI_STATUS)

PRINTABLE = "^[!-~]([ -~]*[!-~])?$"
"""Printable ASCII, without spaces around it."""


def request_parameters(definition: ActionDefinition) -> list[OpenApiParameter]:
    """Return what a request may bring beside its body."""
    parameters = [_dry_run(), _idempotency_key()]
    return [*parameters, _if_match(definition)] if definition.precondition else parameters


def answer_headers(definition: ActionDefinition) -> list[OpenApiParameter]:
    """Return the headers of an answer of success."""
    headers = [
        _header(
            EVENT_HEADER,
            "Id of the event that was recorded.",
            {"type": "string", "format": "uuid"},
        ),
        _header(
            REPLAYED_HEADER,
            "Whether this is the answer to an earlier request with the same Idempotency-Key.",
            {"type": "string", "enum": ["true"]},
        ),
    ]
    return [*headers, version_header()] if definition.precondition else headers


def version_header() -> OpenApiParameter:
    """Return the header that tells an object's version."""
    return _header("ETag", "The version of the object.", {"type": "string"})


def wait_header() -> OpenApiParameter:
    """Return the header of an answer to too many requests."""
    return _header(
        "Retry-After", "Seconds to wait.", {"type": "integer"}, [status.HTTP_429_TOO_MANY_REQUESTS]
    )


def _header(
    name: str, description: str, schema: dict[str, object], codes: Sequence[int] = SUCCESS
) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        schema,
        OpenApiParameter.HEADER,
        description=description,
        response=list(codes),
    )


def _dry_run() -> OpenApiParameter:
    return OpenApiParameter(
        DRY_RUN,
        {"type": "boolean"},
        OpenApiParameter.QUERY,
        description="Tell what would happen, and do nothing: `1` or `true`.",
    )


def _idempotency_key() -> OpenApiParameter:
    return OpenApiParameter(
        IDEMPOTENCY_HEADER,
        {
            "type": "string",
            "minLength": 1,
            "maxLength": IDEMPOTENCY_KEY_LENGTH,
            "pattern": PRINTABLE,
        },
        OpenApiParameter.HEADER,
        description="Your own name for this request: repeated, it is not done again.",
    )


def _if_match(definition: ActionDefinition) -> OpenApiParameter:
    return OpenApiParameter(
        "If-Match",
        {"type": "string"},
        OpenApiParameter.HEADER,
        required=bool(definition.precondition and definition.precondition.required),
        description='The version you have seen: the ETag of an answer, as in `"3"`.',
    )
