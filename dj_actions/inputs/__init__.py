"""Input adapters: validate and describe an action's input, one adapter per kind of declaration.

Public are the four classes that an adapter of a project uses, `InputAdapter`, `InputField`,
`InputContext` and `ValidatedInput`, and the built-in adapters, which it may extend.
"""

from __future__ import annotations

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.dataclass import DataclassInput
from dj_actions.inputs.empty import NoInput
from dj_actions.inputs.form import FormInput
from dj_actions.inputs.json_schema import JsonSchemaInput
from dj_actions.inputs.pydantic_model import PydanticInput
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
]
