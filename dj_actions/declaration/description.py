"""Describe an action and its input as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.db.models import CompositePrimaryKey
from rest_framework.serializers import BaseSerializer

from dj_actions.declaration.definition import IDS, ActionDefinition
from dj_actions.inputs.schema_builders import JSON_SCHEMA_DIALECT, column_schema
from dj_actions.serialization import to_json

MakeSerializer = Callable[..., BaseSerializer[Any]]
"""Called like a serializer class: `make(instance, many=…)`."""


def describe(definition: ActionDefinition, url: str) -> dict[str, Any]:
    """Return the description of an action for a list of actions."""
    documentation = definition.documentation
    return {
        "id": definition.name,
        "resource": definition.resource,
        "type": definition.type.value,
        "status": documentation.status,
        "title": documentation.title,
        "version": definition.version,
        "is_live": documentation.is_live,
        "description": documentation.description,
        "multiple_results": definition.has_many_results,
        "capabilities": to_json(documentation.capabilities),
        "tags": list(documentation.tags),
        "example_payload": to_json(documentation.example_payload),
        "examples": to_json(documentation.examples),
        "commands": to_json(documentation.commands),
        **to_json(documentation.raw_entry),
        "url": url,
        "fields": definition.input.describe(),
    }


def describe_fully(
    definition: ActionDefinition, url: str, make_serializer: MakeSerializer
) -> dict[str, Any]:
    """Return the description of an action for its own page, with an example response.

    Args:
        definition: the action.
        url: the URL of the action.
        make_serializer: creates the viewset's serializer, for an action without an `output`.
    """
    return describe(definition, url) | {
        "example_response": _example_response(definition, make_serializer)
    }


def input_schema(
    definition: ActionDefinition, url: str = "", *, lookup_field: str = "pk"
) -> dict[str, Any]:
    """Return the JSON Schema of the input of an action, including `ids`.

    Args:
        definition: the action.
        url: the URL of the schema itself.
        lookup_field: the model field whose values `ids` contains.
    """
    schema = definition.input.json_schema()
    properties: Mapping[str, Any] = schema.get("properties", {})
    required = list(schema.get("required", ()))
    if definition.bulk and definition.requires_objects:
        ids = {
            "type": "array",
            "description": "Keys of the objects to act on.",
            "items": key_schema(definition, lookup_field),
            "minItems": 1,
            "maxItems": definition.max_items,
        }
        schema = schema | {"properties": {IDS: ids, **properties}, "required": [IDS, *required]}
    texts = {"title": definition.title, "description": definition.description}
    identity = {"$schema": JSON_SCHEMA_DIALECT} | ({"$id": url} if url else {})
    return identity | {key: text for key, text in texts.items() if text} | schema


def key_schema(definition: ActionDefinition, lookup_field: str = "pk") -> dict[str, Any]:
    """Return the JSON Schema of the key of an object.

    Args:
        definition: the action.
        lookup_field: the model field that contains the key.
    """
    try:
        column = definition.model._meta.get_field(lookup_field)
    except FieldDoesNotExist:  # "pk", or a lookup of a related model's field
        column = definition.model._meta.pk
    if isinstance(column, CompositePrimaryKey):
        return {"type": "string"}
    return column_schema(cast("Any", column)) or {"type": ["integer", "string"]}


def _example_response(definition: ActionDefinition, make_serializer: MakeSerializer) -> list[Any]:
    if definition.output is False:
        return []
    try:
        serializer: BaseSerializer[Any] = (
            definition.output() if definition.output else make_serializer()
        )
    except AssertionError:  # raised by DRF for a viewset without a serializer class
        return []
    return [to_json(serializer.data)]
