"""Render the result of an action with a serializer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet

from dj_actions.declaration.definition import ActionDefinition, Output
from dj_actions.declaration.description import MakeSerializer


def is_declared_many(definition: ActionDefinition) -> bool | None:
    """Return whether the result is declared to be a list; None if its type decides."""
    return definition.has_many_results if definition.serializes_any_result else None


def render(
    value: Any,
    output: Output,
    fallback: MakeSerializer | None = None,
    *,
    context: Mapping[str, Any] | None = None,
    many: bool | None = None,
) -> Any:
    """Return the result as the caller receives it.

    Args:
        value: what the action returned.
        output: the declared output; see `Action.output`.
        fallback: creates the viewset's serializer, for model instances of an action without output;
            without a fallback, they are rendered as their primary key.
        context: the context of the declared serializer.
        many: the serializer's `many`; None derives it from the type of the result.
    """
    if many is not None:
        return _serialized(value, output, fallback, context=context, many=many)
    many = isinstance(value, (list, tuple, QuerySet))
    if output:
        return output(value, many=many, context=dict(context or {})).data
    if output is None and _is_models(value):
        return _models(value, fallback, many=many)
    return value


def _is_models(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(entry, Model) for entry in value)
    return isinstance(value, (Model, QuerySet))


def _models(value: Any, fallback: MakeSerializer | None, *, many: bool) -> Any:
    if fallback:
        return fallback(value, many=many).data
    return [{"id": entry.pk} for entry in value] if many else {"id": value.pk}


def _serialized(
    value: Any,
    output: Output,
    fallback: MakeSerializer | None,
    *,
    context: Mapping[str, Any] | None,
    many: bool,
) -> Any:
    if value is None or value == {} or output is False:
        return value
    if output:
        return output(value, many=many, context=dict(context or {})).data
    if fallback:
        return fallback(value, many=many).data
    return _models(value, None, many=many) if _is_models(value) else value
