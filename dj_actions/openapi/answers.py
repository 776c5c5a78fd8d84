"""The shapes of what actions answer when they succeed."""

from __future__ import annotations

from typing import Any

from dj_actions.definitions import ActionDefinition
from dj_actions.inputs.schema_parts import Schema
from dj_actions.openapi.refusals import PROBLEM

ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}

PLANNED_DELIVERY: Schema = {
    "type": "object",
    "description": "A delivery that would be made.",
    "properties": {
        "action": {"type": "string", "description": "For example `todo.mark_done`."},
        "publisher": {"type": "string"},
    },
    "required": ["action", "publisher"],
}


def answer_schema(definition: ActionDefinition, item: Schema, key: Schema) -> Schema:
    """Return the schema of an action's answer.

    Args:
        definition: the action.
        item: the schema of one result; an empty one if that may be anything.
        key: the schema of an object's key.
    """
    if definition.partial:
        return _object("One outcome per object, in the order of the request.", _outcomes(item, key))
    if definition.has_many_results:
        results = {"type": "array", "items": item} if item else {}
        return _object("The results.", {"meta": ANY_OBJECT, "results": results})
    return item


def dry_run_schema(answer: Schema, delivery: Schema) -> Schema:
    """Return the schema of the answer to a dry run.

    Args:
        answer: the schema of what would have been answered.
        delivery: the schema of a planned delivery.
    """
    return _object(
        "What `dry_run` answers: nothing of it has been kept.",
        {
            "dry_run": {"type": "boolean"},
            "status": {"type": "integer", "description": "The status code without `dry_run`."},
            "result": answer,
            "deliveries": {"type": "array", "items": delivery},
        },
    )


def _outcomes(item: Schema, key: Schema) -> dict[str, Schema]:
    counts: dict[str, Schema] = {"succeeded": {"type": "integer"}, "failed": {"type": "integer"}}
    outcome = _object(
        "What became of one object: a `result`, or an `error` if it is not `ok`.",
        {"id": key, "ok": {"type": "boolean"}, "status": {"type": "integer"}},
    )
    outcome["properties"] |= {"result": item, "error": PROBLEM}
    return {
        "meta": _object("How many succeeded.", counts) | {"additionalProperties": True},
        "results": {"type": "array", "items": outcome},
    }


def _object(description: str, properties: dict[str, Any]) -> Schema:
    """Return the schema of an object that has all of these properties."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }
