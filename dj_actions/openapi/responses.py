"""The responses of actions, by status code: results, dry runs and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.inputs.schema_builders import ANY_OBJECT, Schema, object_schema
from dj_actions.openapi.components import Components, component_name
from dj_actions.openapi.error_responses import PROBLEM, error_schema
from dj_actions.rest.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE

Responses = dict[Any, OpenApiResponse]
"""Responses by status code, or by a tuple of status code and media types."""

UNKNOWN_ERROR: Schema = {"description": "An error in the format of the project."}


def success_responses(
    definition: ActionDefinition, components: Components, item: Schema, key: Schema
) -> Responses:
    """Return the responses of an action that succeeds, and of its dry run.

    Args:
        definition: the action.
        components: the components of the document.
        item: the schema of one result; an empty one allows any JSON.
        key: the schema of an object's key.
    """
    name = component_name(definition.resource, definition.name)
    response = result_schema(definition, item, key)
    if response is not item:
        response = components.reference(f"{name}Response", response)
    delivery = components.reference("ActionPlannedDelivery", PLANNED_DELIVERY)
    dry_run = components.reference(f"{name}DryRun", dry_run_schema(response, delivery))
    if definition.partial:
        return {
            status.HTTP_200_OK: OpenApiResponse(dry_run, "The result of a dry run."),
            status.HTTP_207_MULTI_STATUS: OpenApiResponse(response, "One outcome per object."),
        }
    either = {"anyOf": [response, dry_run]}
    return {status.HTTP_200_OK: OpenApiResponse(either, "The result, or that of a dry run.")}


def error_responses(
    errors: Mapping[int, str], components: Components, media_types: list[str]
) -> Responses:
    """Return the responses for errors, in DRF's shape and as problem details.

    Args:
        errors: status code → description.
        components: the components of the document.
        media_types: the media types of the viewset's renderers.
    """
    problem = components.reference("ActionProblem", PROBLEM)
    responses: Responses = {}
    for code, description in errors.items():
        schema = _error_component(code, components)
        responses[str(code), *media_types] = OpenApiResponse(schema, description)
        responses[str(code), PROBLEM_MEDIA_TYPE] = OpenApiResponse(problem, description)
    return responses


def _error_component(code: int, components: Components) -> Schema:
    schema = error_schema(code)
    if not schema:
        return UNKNOWN_ERROR
    name = "ActionMessages" if code == status.HTTP_400_BAD_REQUEST else "ActionError"
    return components.reference(name, schema)


PLANNED_DELIVERY: Schema = {
    "type": "object",
    "description": "A delivery that the action would create.",
    "properties": {
        "action": {"type": "string", "description": "For example `todo.mark_done`."},
        "publisher": {"type": "string"},
        "refusal": {
            "type": "string",
            "description": "Why its destination would not accept it, as far as that is known.",
        },
    },
    "required": ["action", "publisher"],
}


def result_schema(definition: ActionDefinition, item: Schema, key: Schema) -> Schema:
    """Return the schema of an action's response when it succeeds.

    Args:
        definition: the action.
        item: the schema of one result; an empty one allows any JSON.
        key: the schema of an object's key.
    """
    if definition.partial:
        return _record("One outcome per object, in the order of the request.", _outcomes(item, key))
    if definition.has_many_results:
        results = {"type": "array", "items": item} if item else {}
        return _record("The results.", {"meta": ANY_OBJECT, "results": results})
    return item


def dry_run_schema(response: Schema, delivery: Schema) -> Schema:
    """Return the schema of the response to a dry run.

    Args:
        response: the schema of the response without `dry_run`.
        delivery: the schema of a planned delivery.
    """
    return _record(
        "The result of a dry run, which has been rolled back.",
        {
            "dry_run": {"type": "boolean"},
            "status": {"type": "integer", "description": "The status code without `dry_run`."},
            "result": response,
            "deliveries": {"type": "array", "items": delivery},
        },
    )


def _outcomes(item: Schema, key: Schema) -> dict[str, Schema]:
    counts: dict[str, Schema] = {"succeeded": {"type": "integer"}, "failed": {"type": "integer"}}
    outcome = _record(
        "The outcome for one object: a `result` if it is `ok`, otherwise an `error`.",
        {"id": key, "ok": {"type": "boolean"}, "status": {"type": "integer"}},
    )
    outcome["properties"] |= {"result": item, "error": PROBLEM}
    return {
        "meta": _record("Number of objects by outcome.", counts) | {"additionalProperties": True},
        "results": {"type": "array", "items": outcome},
    }


def _record(description: str, properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object with these properties, all of them required."""
    return {"description": description, **object_schema(properties, properties)}
