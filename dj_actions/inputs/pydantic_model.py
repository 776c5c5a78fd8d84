"""Input declared as a pydantic model.

pydantic is not ours to require: it is used only when a project has declared a model with it, and
has thus imported it.
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
from dj_actions.inputs.errors import Path, Violation, as_tree
from dj_actions.inputs.raw_body import as_object
from dj_actions.inputs.schema_fields import fields_of, list_fields
from dj_actions.inputs.schema_validation import REQUIRED

if TYPE_CHECKING:
    import pydantic


def is_pydantic_model(declared: object) -> TypeGuard[type[pydantic.BaseModel]]:
    """Tell whether it is the class of a pydantic model, without importing pydantic."""
    loaded = sys.modules.get("pydantic")
    return (
        loaded is not None
        and isinstance(declared, type)
        and issubclass(declared, loaded.BaseModel)
        and hasattr(declared, "model_validate")  # pydantic 2
    )


@dataclass(frozen=True)
class PydanticInput(InputAdapter):
    """Input declared as a pydantic model, which finds the context in its context.

    Raises:
        InvalidAction: it is a RootModel, which has no fields.
    """

    model: type[pydantic.BaseModel]

    def __post_init__(self) -> None:
        """Refuse what no JSON object can be validated with."""
        if issubclass(self.model, _pydantic().RootModel):
            raise InvalidAction(
                f"{self.model.__qualname__} is a RootModel. The body of a request is an object: "
                "use a BaseModel with fields."
            )

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Make an instance of the model; the data is its dump."""
        given = as_object(raw, self._lists)
        try:
            made = self.model.model_validate(given, context=context.as_dict())
        except _pydantic().ValidationError as error:
            raise ValidationError(as_tree(_violations(error, given))) from error
        return ValidatedInput(data=made.model_dump(), bound=made)

    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""
        return fields_of(self._schema)

    def json_schema(self) -> dict[str, Any]:
        """Return the model's own schema."""
        return copy.deepcopy(self._schema)

    def sensitive_names(self) -> frozenset[str]:
        """Return the names and aliases of fields that hold one of pydantic's secrets."""
        return self._sensitive

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return {"type": "object", **self.model.model_json_schema(schema_generator=_generator())}

    @cached_property
    def _lists(self) -> frozenset[str]:
        return list_fields(self._schema)

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return frozenset(_secret_names(self.model, set()))


def _pydantic() -> Any:
    return sys.modules["pydantic"]


def _generator() -> Any:
    """Return pydantic's schema generator, but for types without a schema: they may be anything."""
    base = import_module("pydantic.json_schema").GenerateJsonSchema

    def handle_invalid_for_json_schema(*_: Any) -> dict[str, Any]:
        return {}

    return type(
        "AnythingForUnknown",
        (base,),
        {
            "handle_invalid_for_json_schema": handle_invalid_for_json_schema,
            "ignored_warning_kinds": {"skipped-choice", "non-serializable-default"},
        },
    )


def _violations(error: pydantic.ValidationError, given: Mapping[str, Any]) -> Iterator[Violation]:
    for found in error.errors(include_url=False, include_input=False):
        missing = found["type"] == "missing"
        # What a validator raised: pydantic's message would say "Value error, " before it.
        cause = found.get("ctx", {}).get("error")
        message = REQUIRED if missing else cause or found["msg"]
        yield _path(found["loc"], given, missing=missing), str(message)


def _path(location: Path, given: Any, *, missing: bool) -> Path:
    """Return a location without the steps that are pydantic's own, such as a union's branches."""
    steps: list[str | int] = []
    for step in location:
        if _leads_on(given, step):
            given = given[step]
            steps.append(step)
    return (*steps, location[-1]) if missing else tuple(steps)


def _leads_on(given: object, step: str | int) -> bool:
    if isinstance(given, Mapping):
        return step in given
    return isinstance(given, (list, tuple)) and isinstance(step, int) and step < len(given)


def _secret_names(model: Any, seen: set[Any]) -> Iterator[str]:
    seen.add(model)
    for name, field in model.model_fields.items():
        mentioned = list(_mentioned(field.annotation))
        if any(issubclass(entry, _secrets()) for entry in mentioned):
            yield name
            yield from _aliases(field)
        for entry in mentioned:
            if is_pydantic_model(entry) and entry not in seen:
                yield from _secret_names(entry, seen)


def _secrets() -> tuple[type[Any], ...]:
    # Secret is new in 2.7.
    names = ("Secret", "SecretStr", "SecretBytes")
    return tuple(getattr(_pydantic(), name) for name in names if hasattr(_pydantic(), name))


def _mentioned(annotation: Any) -> Iterator[type[Any]]:
    """Yield the classes in a type, at any depth of its arguments."""
    annotation = getattr(annotation, "__value__", annotation)  # of `type Pin = SecretStr`
    for entry in (annotation, get_origin(annotation)):
        if isinstance(entry, type):
            yield entry
    for argument in get_args(annotation):
        yield from _mentioned(argument)


def _aliases(field: Any) -> Iterator[str]:
    """Yield the names by which a client may send the field."""
    for alias in (field.alias, field.validation_alias):
        for choice in getattr(alias, "choices", [alias]):
            # An AliasPath names where in the data the value is found.
            yield from (part for part in getattr(choice, "path", [choice]) if isinstance(part, str))
