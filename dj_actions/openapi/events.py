"""The drf-spectacular schema class and serializer extensions of the read API of events."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import safe_ref
from drf_spectacular.utils import OpenApiParameter

from dj_actions.inputs.schema_builders import ANY_OBJECT, Schema
from dj_actions.openapi.actions import ActionSchema
from dj_actions.openapi.components import Components
from dj_actions.openapi.error_responses import view_errors
from dj_actions.openapi.parameters import retry_after_header
from dj_actions.rest.events import FILTERS
from dj_actions.states import DeliveryState, Outcome, RemoteState

STRINGS: Schema = {"type": "array", "items": {"type": "string"}}

STATE: Schema = {"type": "string", "enum": [state.value for state in DeliveryState]}
REMOTE_STATE: Schema = {"type": "string", "enum": [state.value for state in RemoteState]}
OUTCOME: Schema = {"type": "string", "enum": [outcome.value for outcome in Outcome]}

FILTER_SCHEMAS: dict[str, Schema] = {
    "outcome": OUTCOME,
    "parent": {"type": "string", "format": "uuid"},
    "root": {"type": "string", "format": "uuid"},
    "state": STATE,
    "remote_state": REMOTE_STATE,
}
"""Schemas of the filters that do not accept every string."""

FILTER_DESCRIPTIONS = {
    "resource": "Resource that was acted on, for example `todo`.",
    "action": "Name of the action, for example `mark_done`.",
    "object": "Id of one of the objects that were acted on.",
    "actor": "Id or label of the actor.",
    "outcome": "Outcome of the action.",
    "parent": "Id of the event that led to this one.",
    "root": "Id of the first event of a chain: that one, and all that it led to.",
    "publisher": "Alias of a publisher with a delivery of the event.",
    "state": "State of a delivery of the event.",
    "remote_state": "State of a delivery's remote run at its destination.",
}

EVENT_FIELDS: dict[str, Schema] = {
    "object_ids": STRINGS,
    "actor": {
        "type": ["object", "null"],
        "description": "The user who acted; null for the system.",
        "properties": {"id": {"type": "string"}, "label": {"type": "string"}},
        "required": ["id", "label"],
    },
    "request_data": {"description": "The validated input."},
    "response_data": {"description": "The response."},
    "recipients": STRINGS,
    "extra": ANY_OBJECT,
}
"""Fields of an event whose types cannot be derived from the model."""

FAILURE: Schema = {
    "type": ["object", "null"],
    "description": "Why the remote run has failed, as far as its destination says so.",
    "properties": {
        "task": {"type": "string", "description": "The step that failed."},
        "exception": {"type": "string", "description": "Type and message of its error."},
        "log": STRINGS | {"description": "The last lines of its log."},
        "try_number": {"type": "integer"},
        "map_index": {"type": "integer"},
        "url": {"type": "string"},
    },
}

DELIVERY_FIELDS: dict[str, Schema] = {
    "state": STATE,
    "remote_state": REMOTE_STATE,
    "remote_hint": {
        "type": "string",
        "description": "Why a remote run that has not ended does not advance; mostly empty.",
    },
    "remote_failure": FAILURE,
    "remote_result": {"description": "What the remote run has returned; null for nothing."},
    "remote_duration": {
        "type": ["number", "null"],
        "description": "Seconds from the start of the remote run to its end.",
    },
    "remote_history": {
        "type": "array",
        "description": "The latest states of the remote run, the oldest first.",
        "items": {
            "type": "object",
            "properties": {
                "state": REMOTE_STATE,
                "detail": {"type": "string"},
                "at": {"type": "string", "format": "date-time"},
            },
            "required": ["state", "detail", "at"],
        },
    },
    "errors": {
        "type": "array",
        "description": "The failed attempts: the first one, and the newest.",
        "items": {
            "type": "object",
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "attempt": {"type": "integer"},
                "kind": {"type": "string"},
                "message": {"type": "string"},
                "times": {"type": "integer", "description": "Consecutive occurrences."},
                "seconds": {"type": "number", "description": "How long it took."},
                "status": {"type": "integer", "description": "HTTP status of the response."},
                "relay": {"type": "string", "description": "Host and process id."},
                "counted": {"type": "boolean", "description": "Whether it counts; if false."},
            },
            "required": ["at", "attempt", "kind", "message"],
        },
    },
    "attempt_log": {
        "type": "array",
        "description": "The attempts: failed ones, and the one that succeeded.",
        "items": {
            "type": "object",
            "properties": {
                "number": {"type": ["integer", "null"]},
                "started_at": {"type": ["string", "null"], "format": "date-time"},
                "seconds": {"type": ["number", "null"], "description": "How long it took."},
                "kind": {"type": "string", "description": "`delivered`, or the kind of error."},
                "message": {"type": "string"},
                "status": {"type": ["integer", "null"], "description": "HTTP status."},
                "relay": {"type": "string", "description": "Host and process id."},
                "is_counted": {
                    "type": "boolean",
                    "description": "Whether it counts towards the limit of retries.",
                },
                "times": {"type": "integer", "description": "Consecutive occurrences."},
            },
            "required": [
                *("number", "started_at", "seconds", "kind", "message", "status", "relay"),
                *("is_counted", "times"),
            ],
        },
    },
}
"""Fields of a delivery whose types cannot be derived from the model."""


class EventSchema(ActionSchema):
    """Describes the read API of events: the filters of the list, and the errors."""

    def get_override_parameters(self) -> list[Any]:
        """Return the filters, and the Retry-After header."""
        found = super().get_override_parameters()
        if not self._reads_events:
            return found
        return [*found, *(self._filters() if self._is_list_view() else ()), retry_after_header()]

    def get_response_serializers(self) -> Any:
        """Return the response with events, and the errors."""
        found = super().get_response_serializers()
        if not self._reads_events:
            return found
        errors = view_errors(self.view) | {
            400: "A filter is unknown or has an invalid value.",
            404: "The event or page was not found.",
        }
        return {200: found, **self.error_responses(dict(sorted(errors.items())))}

    @property
    def _reads_events(self) -> bool:
        return getattr(self.view, "action", None) in ("list", "retrieve")

    def _filters(self) -> list[OpenApiParameter]:
        return [
            OpenApiParameter(
                name,
                FILTER_SCHEMAS.get(name, {"type": "string"}),
                OpenApiParameter.QUERY,
                description=FILTER_DESCRIPTIONS.get(name, ""),
            )
            for name in FILTERS
        ]


class EventSerializerExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Adds the types of an event's JSON fields."""

    target_class = "dj_actions.rest.serializers.ActionEventSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        """Return the schema of drf-spectacular with the types of these fields."""
        return _with_types(self.target, auto_schema, direction, "ActionEvent", EVENT_FIELDS)


class DeliverySerializerExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Adds the types of a delivery's states and errors."""

    target_class = "dj_actions.rest.serializers.DeliverySerializer"

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str:  # noqa: ARG002
        """Return a name that does not clash with a project's own deliveries."""
        return "ActionDelivery"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        """Return the schema of drf-spectacular with the types of these fields."""
        return _with_types(self.target, auto_schema, direction, "ActionDelivery", DELIVERY_FIELDS)


def _with_types(
    target: Any, auto_schema: AutoSchema, direction: Any, name: str, fields: dict[str, Schema]
) -> Schema:
    """Return a serializer's schema with some of its fields replaced."""
    inspector: Any = auto_schema
    schema: Schema = inspector._map_serializer(target, direction, bypass_extensions=True)
    known = {field: fields[field] for field in schema["properties"] if field in fields}
    typed = Components(auto_schema.registry).inline(name, {"properties": known})
    for field, own in typed["properties"].items():
        original = schema["properties"][field]
        read_only = {"readOnly": True} if original.get("readOnly") else {}
        schema["properties"][field] = safe_ref({**own, **read_only})
    return schema
