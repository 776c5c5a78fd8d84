"""The query parameters, request headers and response headers of actions."""

from __future__ import annotations

from collections.abc import Sequence

from drf_spectacular.utils import OpenApiParameter
from rest_framework import status

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.chain import HEADER as PARENT_HEADER
from dj_actions.execution.idempotency import HEADER as IDEMPOTENCY_HEADER
from dj_actions.execution.idempotency import REPLAYED_HEADER
from dj_actions.outbox.events import IDEMPOTENCY_KEY_LENGTH
from dj_actions.rest.request import DRY_RUN
from dj_actions.rest.responses import EVENT_HEADER

SUCCESS = (status.HTTP_200_OK, status.HTTP_207_MULTI_STATUS)

PRINTABLE = "^[!-~]([ -~]*[!-~])?$"
"""Pattern of printable ASCII without surrounding spaces."""


def request_parameters(definition: ActionDefinition) -> list[OpenApiParameter]:
    """Return the query parameters and headers of a request."""
    parameters = [_dry_run(), _idempotency_key(), _parent()]
    return [*parameters, _if_match(definition)] if definition.precondition else parameters


def response_headers(definition: ActionDefinition) -> list[OpenApiParameter]:
    """Return the headers of a successful response."""
    headers = [
        _header(
            EVENT_HEADER,
            "Id of the event that was recorded.",
            {"type": "string", "format": "uuid"},
        ),
        _header(
            REPLAYED_HEADER,
            "Whether this is the response to an earlier request with the same Idempotency-Key.",
            {"type": "string", "enum": ["true"]},
        ),
    ]
    return [*headers, etag_header()] if definition.precondition else headers


def etag_header() -> OpenApiParameter:
    """Return the header with an object's version."""
    return _header("ETag", "The version of the object.", {"type": "string"})


def retry_after_header() -> OpenApiParameter:
    """Return the header of a 429 response."""
    return _header(
        "Retry-After",
        "Seconds to wait before the next request.",
        {"type": "integer"},
        [status.HTTP_429_TOO_MANY_REQUESTS],
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
        description="Return what the action would do, without doing it: `1` or `true`.",
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
        description="A unique key of your choice for this request. A repeated request with the "
        "same key is not executed again.",
    )


def _parent() -> OpenApiParameter:
    return OpenApiParameter(
        PARENT_HEADER,
        {"type": "string", "format": "uuid"},
        OpenApiParameter.HEADER,
        description="Id of the event that led to this request, as the message about it has it. "
        "The event of this request is linked to it.",
    )


def _if_match(definition: ActionDefinition) -> OpenApiParameter:
    return OpenApiParameter(
        "If-Match",
        {"type": "string"},
        OpenApiParameter.HEADER,
        required=bool(definition.precondition and definition.precondition.required),
        description='The version you have seen: the ETag of a response, for example `"3"`.',
    )
