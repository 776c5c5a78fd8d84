"""The errors of actions and their schemas: in DRF's shape, or as problem details."""

from __future__ import annotations

from typing import Any

from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.inputs.schema_builders import Schema

DETAIL: Schema = {
    "type": "object",
    "description": "The reason for the error.",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}

MESSAGES: Schema = {
    "description": "Messages by field, at any depth. `non_field_errors` contains those of no "
    "single field; `detail` is set if the body could not be parsed.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
    ],
}

PROBLEM: Schema = {
    "type": "object",
    "description": "Problem details: https://www.rfc-editor.org/rfc/rfc9457.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Machine-readable code of the error."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer to the field."},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
                "required": ["pointer", "detail", "code"],
            },
        },
        "instance": {"type": "string", "format": "uri-reference"},
    },
    "required": ["type", "title", "status"],
}

COMMON_ERRORS = {
    400: "The input is invalid.",
    409: "A request with this Idempotency-Key is still running, another request is changing the "
    "same data, the state of the object does not allow the action, or the chain of events that "
    "led to it is too long.",
    411: "The body is sent in chunks, which the server cannot read.",
    413: "The body is too large.",
    415: "The media type of the body is not supported.",
    422: "This Idempotency-Key was used for a different request.",
}
"""Errors of every action: status code → description."""


def action_errors(definition: ActionDefinition, view: Any) -> dict[int, str]:
    """Return the errors that an action may respond with: status code → description.

    Args:
        definition: the action.
        view: the viewset of the action.
    """
    errors = COMMON_ERRORS | view_errors(view, definition)
    if not definition.bulk or (definition.requires_objects and not definition.partial):
        errors[404] = "The object was not found."
    if definition.precondition:
        errors[412] = "The object does not have the version specified in If-Match."
        if definition.precondition.required:
            errors[428] = "The If-Match header is missing."
    return dict(sorted(errors.items()))


def view_errors(view: Any, definition: ActionDefinition | None = None) -> dict[int, str]:
    """Return the errors of authentication, permissions and throttling of a view.

    Args:
        view: the view.
        definition: the action, whose permissions and throttles are included.
    """
    errors = {}
    authenticators = view.get_authenticators()
    # DRF responds with 401 only if the first authenticator has a WWW-Authenticate header.
    if authenticators and authenticators[0].authenticate_header(view.request):
        errors[401] = "Credentials are missing or invalid."
    own = definition.permissions if definition else ()
    permissions = {type(entry) for entry in view.get_permissions()}.union(own)
    if authenticators or permissions - {AllowAny}:
        errors[403] = "Permission denied."
    if view.get_throttles() or (definition and definition.throttles):
        errors[429] = "Too many requests."
    return errors


def error_schema(code: int) -> Schema:
    """Return the schema of an error in DRF's shape; empty if the project has its own handler."""
    if api_settings.EXCEPTION_HANDLER is not exception_handler:
        return {}
    return MESSAGES if code == status.HTTP_400_BAD_REQUEST else DETAIL
