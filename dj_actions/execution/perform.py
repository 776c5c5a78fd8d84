"""Perform an action and render its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import status

from dj_actions.context import ActionContext, Selection
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.partial import perform_each
from dj_actions.execution.run import Run
from dj_actions.serialization import JsonData, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of performing an action."""

    value: Any
    """What `perform` returned; the objects if it returned None."""

    body: JsonData
    """The value as JSON, as the caller receives it."""

    status_code: int = status.HTTP_200_OK


def perform(
    run: Run, context: ActionContext, data: dict[str, Any], selection: Sequence[Selection]
) -> Outcome:
    """Perform the action once, or for each object if it is partial, and render the result.

    Raises:
        InvalidAction: the result cannot be combined with `context.meta`, or encoded as JSON.
        Exception: any error that the action raises.
    """
    definition = run.definition
    if definition.partial:
        body = perform_each(run, context, data, selection)
        encoded = JsonData.of_plain(body)
        return Outcome(value=body, body=encoded, status_code=status.HTTP_207_MULTI_STATUS)
    value = definition.perform(context, data)
    if value is None and definition.output is not False:
        value = _objects(definition, context)
    rendered = run.call.caller.render(value)
    return Outcome(value=value, body=encode(_body(definition, rendered, context.meta)))


def _objects(definition: ActionDefinition, context: ActionContext) -> Any:
    """Return the objects acted on: the result of an action that returned None."""
    if not definition.bulk:
        return context.object
    return list(context.objects) if definition.has_many_results else {}


def _body(definition: ActionDefinition, result: Any, meta: dict[str, Any]) -> Any:
    """Return `meta` and `results` of a list, or the one result with `meta` merged in."""
    if definition.has_many_results:
        return {"meta": meta, "results": result}
    if result is None:
        result = {}  # an empty response body is not valid JSON
    if not meta:
        return result
    if isinstance(result, dict):
        return {**result, **meta}
    raise InvalidAction(
        f"{definition.label} sets context.meta {list(meta)}, but its result is not a JSON "
        "object that the metadata can be merged into. Return a dict, or declare that the action "
        "has multiple results."
    )
