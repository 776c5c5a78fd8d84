"""What an action accepts, as the body of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import input_schema
from dj_actions.inputs import NoInput
from dj_actions.inputs.schema_builders import Schema
from dj_actions.openapi.components import Components, component_name

MULTIPART = "multipart/form-data"
"""The media type in which files are sent."""


def request_bodies(
    definition: ActionDefinition,
    components: Components,
    media_types: list[str],
    *,
    lookup_field: str,
) -> dict[str, Schema]:
    """Return the input as a component, by media type; nothing if the action takes none.

    Args:
        definition: the action.
        components: those of the document.
        media_types: what the viewset can read.
        lookup_field: the field of the model by which `ids` names the objects.
    """
    schema = input_schema(definition, lookup_field=lookup_field)
    if isinstance(definition.input, NoInput) and not schema["properties"]:
        return {}
    name = component_name(definition.resource, definition.name, "input")
    return dict.fromkeys(_able_to_hold(schema, media_types), components.reference(name, schema))


def requires_body(definition: ActionDefinition) -> bool:
    """Tell whether a request without a body is refused."""
    return bool(input_schema(definition).get("required"))


def _able_to_hold(schema: Mapping[str, Any], media_types: list[str]) -> list[str]:
    """Return the media types in which the input can be sent: with files, only one."""
    fields = schema.get("properties", {}).values()
    has_files = any(isinstance(entry, dict) and _is_file(entry) for entry in fields)
    return [MULTIPART] if has_files and MULTIPART in media_types else media_types


def _is_file(schema: Schema) -> bool:
    alternatives = (schema, *schema.get("anyOf", ()), schema.get("items"))
    return any(isinstance(e, dict) and e.get("format") == "binary" for e in alternatives)
