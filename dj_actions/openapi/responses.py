"""What is answered, by status code: results, dry runs and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status

from dj_actions.definitions import ActionDefinition
from dj_actions.inputs.schema_parts import Schema
from dj_actions.openapi.answers import PLANNED_DELIVERY, answer_schema, dry_run_schema
from dj_actions.openapi.components import Components, component_name
from dj_actions.openapi.refusals import PROBLEM, refusal_schema
from dj_actions.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE

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
