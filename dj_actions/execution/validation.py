"""Validate the input of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.context import ActionContext
from dj_actions.declaration.definition import IDS
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.call import ActionCall
from dj_actions.execution.run import Run
from dj_actions.execution.synthetic_request import synthetic_request
from dj_actions.inputs import Surroundings, require_mapping
from dj_actions.serialization import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """The input of a run, validated."""

    data: dict[str, Any]
    """Field → value, as `perform` receives it."""

    recordable: Any
    """The same as plain JSON."""


def validate(run: Run, context: ActionContext) -> Validated:
    """Validate the input; `context.bound` is then what validated it.

    Raises:
        rest_framework.exceptions.ValidationError: the input is invalid, or cannot be stored.
    """
    call = run.call
    data = _without_ids(call)
    validated = call.definition.input.validate(
        data,
        Surroundings(
            # Serializers and forms read the user from their request, also in calls from code.
            request=call.request or synthetic_request(call.user, data),
            view=call.view,
            actor=call.user,
            objects=context.objects,
            pk=None if call.definition.bulk else context.object_ids[0],
        ),
    )
    context.bound = validated.bound
    # Encoded now: `perform` may change the data, or delete the objects it refers to.
    return Validated(data=validated.data, recordable=_recordable(validated.data))


def _without_ids(call: ActionCall) -> Mapping[str, Any]:
    """Return the data without `ids`, unless the input declares a field of that name."""
    data = require_mapping(call.data)
    definition = call.definition
    if not (definition.bulk and definition.names_objects and IDS in data):
        return data
    if any(field.name == IDS for field in definition.input.fields()):
        return data
    if isinstance(data, QueryDict):
        own = data.copy()
        own.pop(IDS)
        return own
    return {name: value for name, value in data.items() if name != IDS}


def _recordable(data: dict[str, Any]) -> Any:
    try:
        return to_json(data)
    except InvalidAction as error:
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [str(error)]}) from error
