"""Input declared as a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from rest_framework.serializers import Serializer

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.dataclass_serializer import serializer_for
from dj_actions.inputs.schema_fields import describe_fields
from dj_actions.inputs.serializer import SerializerInput


@dataclasses.dataclass(frozen=True)
class DataclassInput(InputAdapter):
    """Input declared as a dataclass.

    DRF parses each value with the serializer field for its type. For other types, limits and
    descriptions, annotate the type with a serializer field:
    `note: Annotated[str, serializers.CharField(max_length=80, help_text="How it went.")]`.
    A ValueError raised by `__post_init__` becomes a non-field error.

    Raises:
        InvalidAction: a field has a type that cannot be parsed from JSON.
    """

    dataclass_type: type[Any]
    _serializer: SerializerInput = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Create the serializer now, so that an invalid dataclass fails where it is declared."""
        object.__setattr__(
            self, "_serializer", SerializerInput(serializer_for(self.dataclass_type))
        )

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Return the instance of the dataclass as a dict."""
        instance = self._serializer.validated_serializer(raw, context).validated_data
        return ValidatedInput(data=_as_plain_data(instance), bound=instance)

    def fields(self) -> Sequence[InputField]:
        """Return the description of each field."""
        return describe_fields(self._schema)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the fields."""
        return self._serializer.json_schema()

    def serializer(self, context: Mapping[str, Any]) -> Serializer[Any]:
        """Return the serializer that parses the fields."""
        return self._serializer.serializer(context)

    def sensitive_names(self) -> frozenset[str]:
        """Return the names, at any depth, of fields with the style of a password."""
        return self._serializer.sensitive_names()

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return self.json_schema()


def _as_plain_data(value: Any) -> Any:
    """Return dataclass instances, at any depth, as dicts; unlike `asdict`, copy no other values."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _as_plain_data(getattr(value, name)) for name in names}
    if type(value) in (list, tuple):
        return type(value)(map(_as_plain_data, value))
    if type(value) is dict:
        return {key: _as_plain_data(entry) for key, entry in value.items()}
    return value
