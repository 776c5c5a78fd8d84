"""Describe the read API of events to drf-spectacular."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import safe_ref
from drf_spectacular.utils import OpenApiParameter

from dj_actions.inputs.schema_builders import Schema
from dj_actions.openapi.actions import ActionSchema
from dj_actions.openapi.components import Components
from dj_actions.openapi.error_responses import refusals_of_view
from dj_actions.openapi.parameters import wait_header
from dj_actions.rest.events import FILTERS
from dj_actions.states import DeliveryState, Outcome, RemoteState

ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}

STATE: Schema = {"type": "string", "enum": [state.value for state in DeliveryState]}
REMOTE_STATE: Schema = {"type": "string", "enum": [state.value for state in RemoteState]}
OUTCOME: Schema = {"type": "string", "enum": [outcome.value for outcome in Outcome]}

FILTER_SCHEMAS: dict[str, Schema] = {
    "outcome": OUTCOME,
    "parent": {"type": "string", "format": "uuid"},
    "state": STATE,
    "remote_state": REMOTE_STATE,
}
"""Of those filters that are not just any text."""

MEANINGS = {
    "resource": "What was acted on, for example `todo`.",
    "action": "Name of the action, for example `mark_done`.",
    "object": "Id of an object that was acted on, alone or among others.",
    "actor": "Id or name of who acted.",
    "outcome": "How the action ended.",
    "parent": "Id of the event whose action ran this one as a part of itself.",
    "publisher": "Alias of a publisher that the event goes to.",
    "state": "How a delivery stands.",
    "remote_state": "What became of a delivery at its destination.",
}

EVENT: dict[str, Schema] = {
    "object_ids": TEXTS,
    "actor": {
        "type": ["object", "null"],
        "description": "Who acted; null for the system itself.",
        "properties": {"id": {"type": "string"}, "label": {"type": "string"}},
        "required": ["id", "label"],
    },
    "request_data": {"description": "The input, as it was validated."},
    "response_data": {"description": "The answer."},
    "recipients": TEXTS,
    "extra": ANY_OBJECT,
}
"""Fields of an event whose types cannot be read off the model."""

DELIVERY: dict[str, Schema] = {
    "state": STATE,
    "remote_state": REMOTE_STATE,
    "errors": {
        "type": "array",
        "description": "The latest ones.",
        "items": {
            "type": "object",
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "attempt": {"type": "integer"},
                "kind": {"type": "string"},
                "message": {"type": "string"},
                "times": {"type": "integer", "description": "How often in a row."},
            },
            "required": ["at", "attempt", "kind", "message"],
        },
    },
}
"""Fields of a delivery whose types cannot be read off the model."""


class EventSchema(ActionSchema):
    """Describes events: the filters of their list, and the errors."""

    def get_override_parameters(self) -> list[Any]:
        """Return the filters, and the header of a refusal."""
        found = super().get_override_parameters()
        if not self._reads_events:
            return found
        return [*found, *(self._filters() if self._is_list_view() else ()), wait_header()]

    def get_response_serializers(self) -> Any:
        """Return the events, and the errors."""
        found = super().get_response_serializers()
        if not self._reads_events:
            return found
        refusals = refusals_of_view(self.view) | {
            400: "A filter is unknown, or its value is.",
            404: "There is no such event, or page.",
        }
        return {200: found, **self.refusals(dict(sorted(refusals.items())))}

    @property
    def _reads_events(self) -> bool:
        return getattr(self.view, "action", None) in ("list", "retrieve")

    def _filters(self) -> list[OpenApiParameter]:
        return [
            OpenApiParameter(
                name,
                FILTER_SCHEMAS.get(name, {"type": "string"}),
                OpenApiParameter.QUERY,
                description=MEANINGS.get(name, ""),
            )
            for name in FILTERS
        ]


class EventSerializerExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Types of an event's JSON fields."""

    target_class = "dj_actions.rest.serializers.ActionEventSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        """Return what drf-spectacular makes of it, with our types."""
        return _with_types(self.target, auto_schema, direction, "ActionEvent", EVENT)


class DeliverySerializerExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Types of a delivery's states and errors."""

    target_class = "dj_actions.rest.serializers.DeliverySerializer"

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str:  # noqa: ARG002
        """Return a name that no shop or post office has."""
        return "ActionDelivery"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:
        """Return what drf-spectacular makes of it, with our types."""
        return _with_types(self.target, auto_schema, direction, "ActionDelivery", DELIVERY)


def _with_types(
    target: Any, auto_schema: AutoSchema, direction: Any, name: str, fields: dict[str, Schema]
) -> Schema:
    """Return a serializer's schema, with some of its fields replaced."""
    described: Any = auto_schema
    schema: Schema = described._map_serializer(target, direction, bypass_extensions=True)
    known = {field: fields[field] for field in schema["properties"] if field in fields}
    typed = Components(auto_schema.registry).inline(name, {"properties": known})
    for field, own in typed["properties"].items():
        told = schema["properties"][field]
        read_only = {"readOnly": True} if told.get("readOnly") else {}
        schema["properties"][field] = safe_ref({**own, **read_only})
    return schema
