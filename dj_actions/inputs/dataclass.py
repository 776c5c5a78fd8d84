"""Input declared as a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.dataclass_serializer import serializer_for
from dj_actions.inputs.schema_fields import fields_of
from dj_actions.inputs.serializer import SerializerInput


@dataclasses.dataclass(frozen=True)
class DataclassInput(InputAdapter):
    """Input declared as a dataclass.

    DRF reads the values, each by the type of its field. A type that we do not know, or limits
    and descriptions, are declared as a DRF field beside it:
    `note: Annotated[str, serializers.CharField(max_length=80, help_text="How it went.")]`.
    What `__post_init__` refuses with a ValueError is refused as a whole.

    Raises:
        InvalidAction: a field has a type that we do not know how to read from JSON.
    """

    dataclass_type: type[Any]
    _serializer: SerializerInput = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile it now: what is wrong with it shows where it is declared."""
        object.__setattr__(
            self, "_serializer", SerializerInput(serializer_for(self.dataclass_type))
        )

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Make an instance of the dataclass; the data is the instance as a dict."""
        instance = self._serializer.validated_serializer(raw, context).validated_data
        return ValidatedInput(data=_plain(instance), bound=instance)

    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""
        return fields_of(self._schema)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the fields."""
        return self._serializer.json_schema()

    def sensitive_names(self) -> frozenset[str]:
        """Return the names of fields with the style of a password."""
        return self._serializer.sensitive_names()

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return self.json_schema()


def _plain(value: Any) -> Any:
    """Return instances as dicts, at any depth; unlike `asdict`, without copying other values."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {key: _plain(entry) for key, entry in value.items()}
    return value
