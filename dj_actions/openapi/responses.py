"""What is answered, by status code: results, dry runs and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.inputs.schema_builders import Schema
from dj_actions.openapi.components import Components, component_name
from dj_actions.openapi.error_responses import PROBLEM, refusal_schema
from dj_actions.rest.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE

Responses = dict[Any, OpenApiResponse]
"""By status code; or by a tuple of that and media types."""

UNKNOWN: Schema = {"description": "As the project answers its errors."}


def answers_of(
    definition: ActionDefinition, components: Components, item: Schema, key: Schema
) -> Responses:
    """Return what an action answers when it succeeds, and to a dry run.

    Args:
        definition: the action.
        components: those of the document.
        item: the schema of one result; an empty one if that may be anything.
        key: the schema of an object's key.
    """
    name = component_name(definition.resource, definition.name)
    answer = answer_schema(definition, item, key)
    if answer is not item:
        answer = components.reference(f"{name}Answer", answer)
    delivery = components.reference("ActionPlannedDelivery", PLANNED_DELIVERY)
    dry = components.reference(f"{name}DryRun", dry_run_schema(answer, delivery))
    if definition.partial:
        return {
            status.HTTP_200_OK: OpenApiResponse(dry, "What would be answered."),
            status.HTTP_207_MULTI_STATUS: OpenApiResponse(answer, "One outcome per object."),
        }
    either = {"anyOf": [answer, dry]}
    return {status.HTTP_200_OK: OpenApiResponse(either, "The result; or what it would be.")}


def refusals_as_responses(
    refusals: Mapping[int, str], components: Components, media_types: list[str]
) -> Responses:
    """Return errors, in DRF's shape and as problem details.

    Args:
        refusals: status code → what it means.
        components: those of the document.
        media_types: what the viewset can write.
    """
    problem = components.reference("ActionProblem", PROBLEM)
    responses: Responses = {}
    for code, meaning in refusals.items():
        responses[str(code), *media_types] = OpenApiResponse(_usual(code, components), meaning)
        responses[str(code), PROBLEM_MEDIA_TYPE] = OpenApiResponse(problem, meaning)
    return responses


def _usual(code: int, components: Components) -> Schema:
    schema = refusal_schema(code)
    if not schema:
        return UNKNOWN
    name = "ActionMessages" if code == status.HTTP_400_BAD_REQUEST else "ActionRefusal"
    return components.reference(name, schema)


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
