"""Input declared as a pydantic model.

pydantic is an optional dependency of the project: it is used only when the project has declared a
model, and has therefore imported it.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeGuard, get_args, get_origin

from rest_framework.exceptions import ValidationError

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.errors import Path, Violation, error_detail
from dj_actions.inputs.raw_body import body_as_dict
from dj_actions.inputs.schema_fields import describe_fields, list_fields
from dj_actions.inputs.schema_validation import REQUIRED

if TYPE_CHECKING:
    import pydantic


def is_pydantic_model(declared: object) -> TypeGuard[type[pydantic.BaseModel]]:
    """Return whether the object is a pydantic model class, without importing pydantic."""
    loaded = sys.modules.get("pydantic")
    return (
        loaded is not None
        and isinstance(declared, type)
        and issubclass(declared, loaded.BaseModel)
        and hasattr(declared, "model_validate")  # pydantic 2
    )


@dataclass(frozen=True)
class PydanticInput(InputAdapter):
    """Input declared as a pydantic model, which receives the input's context on validation.

    Raises:
        InvalidAction: the model is a RootModel, which has no fields.
    """

    model: type[pydantic.BaseModel]

    def __post_init__(self) -> None:
        """Raise InvalidAction for a RootModel."""
        if issubclass(self.model, _pydantic().RootModel):
            raise InvalidAction(
                f"{self.model.__qualname__} is a RootModel. The body of a request is an object: "
                "use a BaseModel with fields."
            )

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Return the dump of an instance of the model."""
        data = body_as_dict(raw, self._list_fields)
        try:
            instance = self.model.model_validate(data, context=context.as_dict())
        except _pydantic().ValidationError as error:
            raise ValidationError(error_detail(_violations(error, data))) from error
        return ValidatedInput(data=instance.model_dump(), bound=instance)

    def fields(self) -> Sequence[InputField]:
        """Return the description of each field."""
        return describe_fields(self._schema)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema that pydantic generates."""
        return copy.deepcopy(self._schema)

    def sensitive_names(self) -> frozenset[str]:
        """Return the names and aliases, at any depth, of fields of pydantic's secret types."""
        return self._sensitive

    @cached_property
    def _schema(self) -> dict[str, Any]:
        schema = self.model.model_json_schema(schema_generator=_schema_generator())
        return {"type": "object", **schema}

    @cached_property
    def _list_fields(self) -> frozenset[str]:
        return list_fields(self._schema)

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return frozenset(_secret_names(self.model, set()))


def _pydantic() -> Any:
    return sys.modules["pydantic"]


def _schema_generator() -> Any:
    """Return pydantic's schema generator, changed to allow any value of a type without a schema."""
    base = import_module("pydantic.json_schema").GenerateJsonSchema

    def handle_invalid_for_json_schema(*_: Any) -> dict[str, Any]:
        return {}

    return type(
        "PermissiveJsonSchema",
        (base,),
        {
            "handle_invalid_for_json_schema": handle_invalid_for_json_schema,
            "ignored_warning_kinds": {"skipped-choice", "non-serializable-default"},
        },
    )


def _violations(error: pydantic.ValidationError, data: Mapping[str, Any]) -> Iterator[Violation]:
    for found in error.errors(include_url=False, include_input=False):
        missing = found["type"] == "missing"
        # The error that a validator raised, without pydantic's prefix "Value error, ".
        cause = found.get("ctx", {}).get("error")
        message = REQUIRED if missing else cause or found["msg"]
        yield _path_in_data(found["loc"], data, missing=missing), str(message)


def _path_in_data(location: Path, data: Any, *, missing: bool) -> Path:
    """Return a location without the steps that pydantic adds, such as the branches of a union."""
    steps: list[str | int] = []
    for step in location:
        if _has_step(data, step):
            data = data[step]
            steps.append(step)
    return (*steps, location[-1]) if missing else tuple(steps)


def _has_step(data: object, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, (list, tuple)) and isinstance(step, int) and step < len(data)


def _secret_names(model: Any, seen: set[Any]) -> Iterator[str]:
    seen.add(model)
    for name, field in model.model_fields.items():
        classes = list(_classes_in(field.annotation))
        if any(issubclass(entry, _secret_types()) for entry in classes):
            yield name
            yield from _aliases(field)
        for entry in classes:
            if is_pydantic_model(entry) and entry not in seen:
                yield from _secret_names(entry, seen)


def _secret_types() -> tuple[type[Any], ...]:
    # `Secret` was added in pydantic 2.7.
    names = ("Secret", "SecretStr", "SecretBytes")
    return tuple(getattr(_pydantic(), name) for name in names if hasattr(_pydantic(), name))


def _classes_in(annotation: Any) -> Iterator[type[Any]]:
    """Yield the classes in a type annotation, at any depth of its arguments."""
    annotation = getattr(annotation, "__value__", annotation)  # for `type Pin = SecretStr`
    for entry in (annotation, get_origin(annotation)):
        if isinstance(entry, type):
            yield entry
    for argument in get_args(annotation):
        yield from _classes_in(argument)


def _aliases(field: Any) -> Iterator[str]:
    """Yield the aliases under which a client may send the field."""
    for alias in (field.alias, field.validation_alias):
        for choice in getattr(alias, "choices", [alias]):
            # An AliasPath is the path of the value in the data.
            yield from (part for part in getattr(choice, "path", [choice]) if isinstance(part, str))
