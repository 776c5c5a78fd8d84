"""The errors that an action answers with: in DRF's shape, or as problem details."""

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
    "description": "Why the request was refused.",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}

MESSAGES: Schema = {
    "description": "Messages by field, at any depth; those of the whole under "
    "`non_field_errors`; `detail` where the body could not be read.",
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
        "code": {"type": "string", "description": "The kind of error, for programs."},
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

OF_ACTIONS = {
    400: "The input is wrong.",
    409: "A request with this Idempotency-Key is still running, or the state of the object "
    "does not allow it.",
    413: "The body is too large.",
    415: "The body has a media type that is not supported.",
    422: "This Idempotency-Key was used for another request.",
}
"""What each action may answer."""


def refusals_of_action(definition: ActionDefinition, view: Any) -> dict[int, str]:
    """Return the status codes with which an action may refuse, and what they mean.

    Args:
        definition: the action.
        view: the viewset that offers it.
    """
    found = OF_ACTIONS | refusals_of_view(view, definition)
    if not definition.bulk or (definition.requires_objects and not definition.partial):
        found[404] = "There is no such object."
    if definition.precondition:
        found[412] = "The object is not in the version that If-Match names."
        if definition.precondition.required:
            found[428] = "If-Match is missing."
    return dict(sorted(found.items()))


def refusals_of_view(view: Any, definition: ActionDefinition | None = None) -> dict[int, str]:
    """Return the status codes with which a view may refuse anybody, and what they mean."""
    found = {}
    authenticators = view.get_authenticators()
    # DRF asks the first one: without a header to challenge with, it answers 403.
    if authenticators and authenticators[0].authenticate_header(view.request):
        found[401] = "Who asks is not known."
    own = definition.permissions if definition else ()
    permissions = {type(entry) for entry in view.get_permissions()}.union(own)
    if authenticators or permissions - {AllowAny}:
        found[403] = "Who asks may not do it."
    if view.get_throttles() or (definition and definition.throttles):
        found[429] = "Too many requests."
    return found


def refusal_schema(code: int) -> Schema:
    """Return the schema of an error in DRF's shape, of the project's if it has its own."""
    if api_settings.EXCEPTION_HANDLER is not exception_handler:
        return {}
    return MESSAGES if code == status.HTTP_400_BAD_REQUEST else DETAIL
