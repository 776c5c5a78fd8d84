"""The schemas of a viewset's list of actions."""

from __future__ import annotations

from collections.abc import Iterable

from dj_actions.declaration.enums import ActionType
from dj_actions.inputs.schema_builders import Schema

ANY_LIST: Schema = {"type": "array"}

INPUT_FIELD: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "type": {"type": "string"},
        "required": {"type": "boolean"},
        "description": {"type": "string"},
    },
    "required": ["name", "type", "required", "description"],
}

ACTION_PROPERTIES: dict[str, Schema] = {
    "id": {"type": "string"},
    "resource": {"type": "string"},
    "type": {"type": "string", "enum": [entry.value for entry in ActionType]},
    "status": {"type": "string"},
    "title": {"type": "string"},
    "version": {"type": "integer"},
    "is_live": {"type": "boolean"},
    "description": {"type": "string"},
    "multiple_results": {"type": "boolean"},
    "capabilities": ANY_LIST,
    "tags": {"type": "array", "items": {"type": "string"}},
    "example_payload": {},
    "examples": ANY_LIST,
    "commands": ANY_LIST,
    "url": {
        "type": "string",
        "description": "Path of the action; `{pk}` stands for the object's key.",
    },
    "fields": {"type": "array", "items": INPUT_FIELD},
}
"""The properties of `dj_actions.declaration.description.describe`."""

ACTION_DESCRIPTION: Schema = {
    "type": "object",
    "description": "One action. Its declaration may add properties.",
    "properties": ACTION_PROPERTIES,
    "required": list(ACTION_PROPERTIES),
    "additionalProperties": True,
}

INPUT_SCHEMA: Schema = {
    "type": "object",
    "description": "The JSON Schema, draft 2020-12, of the action's input.",
    "additionalProperties": True,
}


def action_list_schema(description: Schema) -> Schema:
    """Return the schema of a list of actions.

    Args:
        description: the schema of one action.
    """
    actions = {"type": "array", "items": description}
    return {
        "type": "object",
        "properties": {
            "resource": {"type": ["string", "null"]},
            "basepath": {"type": "string"},
            "bulk_actions": actions,
            "instance_actions": actions,
        },
        "required": ["resource", "basepath", "bulk_actions", "instance_actions"],
        "additionalProperties": True,
    }


def action_name_schema(names: Iterable[str]) -> Schema:
    """Return the schema of the path parameter with the name of an action."""
    known = list(names)
    return {"type": "string", "enum": known} if known else {"type": "string"}
