"""What an action tells about itself, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from rest_framework.serializers import BaseSerializer

from dj_actions.declaration.definition import IDS, ActionDefinition
from dj_actions.inputs.schema_builders import column_schema
from dj_actions.serialization import to_json

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def describe(definition: ActionDefinition, url: str) -> dict[str, Any]:
    """Return what a list of actions tells about one."""
    told = definition.documentation
    return {
        "id": definition.name,
        "resource": definition.resource,
        "type": definition.type.value,
        "status": told.status,
        "title": told.title,
        "version": definition.version,
        "is_live": told.is_live,
        "description": told.description,
        "multiple_results": definition.has_many_results,
        "capabilities": to_json(told.capabilities),
        "tags": list(told.tags),
        "example_payload": to_json(told.example_payload),
        "examples": to_json(told.examples),
        "commands": to_json(told.commands),
        **to_json(told.raw_entry),
        "url": url,
        "fields": definition.input.describe(),
    }


def describe_fully(
    definition: ActionDefinition, url: str, make_serializer: MakeSerializer
) -> dict[str, Any]:
    """Return what the action's own page tells: also what an answer looks like.

    Args:
        make_serializer: makes the viewset's serializer, for an action that names none.
    """
    return describe(definition, url) | {
        "example_response": _example_response(definition, make_serializer)
    }


def input_schema(
    definition: ActionDefinition, url: str = "", *, lookup_field: str = "pk"
) -> dict[str, Any]:
    """Return the JSON Schema of what an action accepts.

    Args:
        definition: the action.
        url: where the schema itself is found.
        lookup_field: the field of the model by which `ids` names the objects.
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
    about = {"title": definition.title, "description": definition.description}
    identity = {"$schema": DIALECT} | ({"$id": url} if url else {})
    return identity | {key: text for key, text in about.items() if text} | schema


def key_schema(definition: ActionDefinition, lookup_field: str = "pk") -> dict[str, Any]:
    """Return the JSON Schema of what names an object.

    Args:
        definition: the action.
        lookup_field: the field of the model whose value that is.
    """
    try:
        column = definition.model._meta.get_field(lookup_field)
    except FieldDoesNotExist:  # "pk", or a field of a related model
        column = definition.model._meta.pk
    return column_schema(cast("Any", column)) or {"type": ["integer", "string"]}


def _example_response(definition: ActionDefinition, make_serializer: MakeSerializer) -> list[Any]:
    if definition.output is False:
        return []
    try:
        serializer: BaseSerializer[Any] = (
            definition.output() if definition.output else make_serializer()
        )
    except AssertionError:  # as DRF says that a viewset has no serializer
        return []
    return [to_json(serializer.data)]


MakeSerializer = Callable[..., BaseSerializer[Any]]
"""Called like a serializer class: `make(instance, many=…)`."""
