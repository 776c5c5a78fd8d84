"""Choose the input adapter for the `input` that an action declares."""

from __future__ import annotations

import dataclasses

from django import forms
from rest_framework import serializers

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs.base import InputAdapter
from dj_actions.inputs.dataclass import DataclassInput
from dj_actions.inputs.empty import NoInput
from dj_actions.inputs.form import FormInput
from dj_actions.inputs.json_schema import JsonSchemaInput
from dj_actions.inputs.pydantic_model import PydanticInput, is_pydantic_model
from dj_actions.inputs.serializer import SerializerInput


def adapter_for(declared: object) -> InputAdapter:
    """Return the adapter for the `input` of an action.

    Raises:
        InvalidAction: the input is not of a supported kind, or is itself invalid.
    """
    if declared is None:
        return NoInput()
    if isinstance(declared, InputAdapter):
        return declared
    if isinstance(declared, dict):
        return JsonSchemaInput(declared)
    adapter = _adapter_for_class(declared) if isinstance(declared, type) else None
    if adapter is None:
        raise InvalidAction(
            f"input is {declared!r}. Use a rest_framework Serializer class, a django Form class, "
            "a dataclass, a pydantic BaseModel class, a dict that is a JSON Schema, an instance "
            "of a custom InputAdapter, or None."
        )
    return adapter


def _adapter_for_class(declared: type) -> InputAdapter | None:
    if issubclass(declared, serializers.Serializer):
        return SerializerInput(declared)
    if issubclass(declared, forms.BaseForm):
        return FormInput(declared)
    if is_pydantic_model(declared):
        return PydanticInput(declared)
    if dataclasses.is_dataclass(declared):
        return DataclassInput(declared)
    return None
