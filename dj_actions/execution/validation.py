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
from dj_actions.inputs import InputContext, ValidatedInput
from dj_actions.inputs.raw_body import require_mapping
from dj_actions.serialization import JsonData, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """The input of a run, validated."""

    data: dict[str, Any]
    """Field → value, as `perform` receives it."""

    recordable: JsonData
    """The same as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyValidation:
    """The outcome of a validation that needed no objects; reported once they are known."""

    validated: ValidatedInput | None = None
    error: Exception | None = None

    def result(self) -> ValidatedInput:
        """Return the validated input, or raise the error."""
        if self.validated is None:
            raise self.error or RuntimeError("A validation has either a result or an error.")
        return self.validated


def validate_early(run: Run) -> EarlyValidation | None:
    """Validate the input before any lock is taken; None if the validation may use the objects.

    The caller may not be permitted to run the action: an error is only returned, to be raised
    when that is known.
    """
    if run.definition.input.needs_objects:
        return None
    try:
        return EarlyValidation(validated=_validated(run.call, objects=(), pk=None))
    except Exception as error:  # noqa: BLE001 - raised by `result`
        return EarlyValidation(error=error)


def validate(run: Run, context: ActionContext, early: EarlyValidation | None) -> Validated:
    """Validate the input, unless that is done; `context.bound` is then what validated it.

    Args:
        run: the run.
        context: the context of the run, with its objects.
        early: the outcome of `validate_early`.

    Raises:
        rest_framework.exceptions.ValidationError: the input is invalid, or cannot be stored.
    """
    if early is None:
        pk = None if run.definition.bulk else context.object_ids[0]
        validated = _validated(run.call, objects=context.objects, pk=pk)
    else:
        validated = early.result()
    context.bound = validated.bound
    # Encoded now: `perform` may change the data, or delete the objects it refers to.
    return Validated(data=validated.data, recordable=_recordable(validated.data))


def _validated(call: ActionCall, *, objects: tuple[Any, ...], pk: str | None) -> ValidatedInput:
    data = _without_ids(call)
    return call.definition.input.validate(
        data,
        InputContext(
            # Serializers and forms read the user from their request, also in calls from code.
            request=call.request or synthetic_request(call.user, data),
            view=call.view,
            actor=call.user,
            objects=objects,
            pk=pk,
        ),
    )


def _without_ids(call: ActionCall) -> Mapping[str, Any]:
    """Return the data without `ids`, unless the input declares a field of that name."""
    data = require_mapping(call.data)
    definition = call.definition
    if not (definition.bulk and definition.requires_objects and IDS in data):
        return data
    if any(field.name == IDS for field in definition.input.fields()):
        return data
    if isinstance(data, QueryDict):
        own = data.copy()
        own.pop(IDS)
        return own
    return {name: value for name, value in data.items() if name != IDS}


def _recordable(data: dict[str, Any]) -> JsonData:
    try:
        return encode(data)
    except InvalidAction as error:
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [str(error)]}) from error
