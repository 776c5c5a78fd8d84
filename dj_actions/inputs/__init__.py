"""What an action accepts: one adapter for each way to declare it."""

from __future__ import annotations

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.dataclass import DataclassInput
from dj_actions.inputs.empty import NoInput
from dj_actions.inputs.factory import adapter_for
from dj_actions.inputs.form import FormInput
from dj_actions.inputs.json_schema import JsonSchemaInput
from dj_actions.inputs.pydantic_model import PydanticInput
from dj_actions.inputs.raw_body import require_mapping
from dj_actions.inputs.serializer import SerializerInput

__all__ = [
    "DataclassInput",
    "FormInput",
    "InputAdapter",
    "InputContext",
    "InputField",
    "JsonSchemaInput",
    "NoInput",
    "PydanticInput",
    "SerializerInput",
    "ValidatedInput",
    "adapter_for",
    "require_mapping",
]
