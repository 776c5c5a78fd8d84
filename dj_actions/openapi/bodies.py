"""The request body of an action's operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import input_schema
from dj_actions.inputs import NoInput
from dj_actions.inputs.schema_builders import Schema
from dj_actions.openapi.components import Components, component_name

MULTIPART = "multipart/form-data"
"""The media type for files."""


def request_bodies(
    definition: ActionDefinition,
    components: Components,
    media_types: list[str],
    *,
    lookup_field: str,
) -> dict[str, Schema]:
    """Return the schema of the input, by media type; empty if the action takes no input.

    Args:
        definition: the action.
        components: the components of the document.
        media_types: the media types that the viewset's parsers accept.
        lookup_field: the model field whose values `ids` contains.
    """
    schema = input_schema(definition, lookup_field=lookup_field)
    if isinstance(definition.input, NoInput) and not schema["properties"]:
        return {}
    name = component_name(definition.resource, definition.name, "input")
    return dict.fromkeys(_usable_types(schema, media_types), components.reference(name, schema))


def requires_body(definition: ActionDefinition) -> bool:
    """Return whether a request without a body is invalid."""
    return bool(input_schema(definition).get("required"))


def _usable_types(schema: Mapping[str, Any], media_types: list[str]) -> list[str]:
    """Return the media types that can represent the input: only multipart if it has files."""
    fields = schema.get("properties", {}).values()
    has_files = any(isinstance(entry, dict) and _is_file(entry) for entry in fields)
    return [MULTIPART] if has_files and MULTIPART in media_types else media_types


def _is_file(schema: Schema) -> bool:
    alternatives = (schema, *schema.get("anyOf", ()), schema.get("items"))
    return any(isinstance(e, dict) and e.get("format") == "binary" for e in alternatives)
