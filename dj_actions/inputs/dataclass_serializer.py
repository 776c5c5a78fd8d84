"""Create a DRF serializer from a dataclass, with the serializer field for each type."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from rest_framework import serializers

from dj_actions.exceptions import InvalidAction

Options = dict[str, Any]
"""Keyword arguments of a DRF field."""

FIELDS_BY_TYPE: Mapping[Any, tuple[type[serializers.Field[Any, Any, Any, Any]], Options]] = (
    MappingProxyType(
        {
            # `str` allows blanks and surrounding spaces, which a CharField by default does not.
            str: (serializers.CharField, {"allow_blank": True, "trim_whitespace": False}),
            int: (serializers.IntegerField, {}),
            float: (serializers.FloatField, {}),
            bool: (serializers.BooleanField, {}),
            Decimal: (serializers.DecimalField, {"max_digits": None, "decimal_places": None}),
            datetime: (serializers.DateTimeField, {}),
            date: (serializers.DateField, {}),
            time: (serializers.TimeField, {}),
            timedelta: (serializers.DurationField, {}),
            UUID: (serializers.UUIDField, {}),
            list: (serializers.ListField, {}),
            dict: (serializers.DictField, {}),
            Any: (serializers.JSONField, {"allow_null": True}),
        }
    )
)


class EnumField(serializers.ChoiceField):
    """Parses the value of an Enum's member to the member."""

    def __init__(self, enum: type[Enum], **options: Any) -> None:
        self.enum = enum
        super().__init__([(member.value, member.name) for member in enum], **options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the member with this value."""
        return self.enum(super().to_internal_value(data))


class TupleField(serializers.ListField):
    """Parses a list to a tuple."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the list as a tuple."""
        return tuple(super().to_internal_value(data))


class DataclassSerializer(serializers.Serializer[Any]):
    """Serializer whose validated data is an instance of a dataclass."""

    dataclass_type: type[Any]

    def validate(self, attrs: Any) -> Any:
        """Return the instance; a ValueError of `__post_init__` becomes a non-field error."""
        try:
            return self.dataclass_type(**attrs)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


def serializer_for(
    declared: type[Any], *, parents: tuple[type[Any], ...] = ()
) -> type[DataclassSerializer]:
    """Return the serializer class for a dataclass.

    Args:
        declared: the dataclass.
        parents: the dataclasses that it is nested in.

    Raises:
        InvalidAction: a field has a type that cannot be parsed from JSON.
    """
    if declared in parents:
        raise InvalidAction(f"The dataclass {declared.__qualname__} contains itself.")
    hints = _type_hints(declared)
    init_fields = [field for field in dataclasses.fields(declared) if field.init]
    _require_field_parameters(declared, {field.name for field in init_fields})
    fields = {}
    for field in init_fields:
        hint = hints[field.name]
        serializer_field = _field_for(hint, _presence_options(field), (*parents, declared))
        if serializer_field is None:
            raise InvalidAction(
                f"{declared.__qualname__}.{field.name} has the type {hint!r}, which cannot be "
                "parsed from JSON. Add a serializer field: Annotated[<the type>, <a rest_framework "
                "serializer field>]."
            )
        fields[field.name] = serializer_field
    serializer: Any = type(f"{declared.__name__}Serializer", (DataclassSerializer,), fields)
    serializer.dataclass_type = declared
    return serializer  # type: ignore[no-any-return]  # created two lines above


def _type_hints(declared: type[Any]) -> dict[str, Any]:
    try:
        return get_type_hints(declared, include_extras=True)
    except (AttributeError, NameError, SyntaxError, TypeError) as error:
        raise InvalidAction(
            f"The types of the dataclass {declared.__qualname__} cannot be resolved: {error}. "
            "They must be importable from its module."
        ) from error


def _require_field_parameters(declared: type[Any], field_names: set[str]) -> None:
    """Raise InvalidAction if `__init__` has parameters that are not fields, such as InitVars."""
    other = sorted(set(inspect.signature(declared).parameters) - field_names)
    if other:
        raise InvalidAction(
            f"The dataclass {declared.__qualname__} takes arguments that are not fields: "
            f"{', '.join(other)}. Declare them as fields."
        )


def _presence_options(field: dataclasses.Field[Any]) -> Options:
    """Return `required` or `default`, as the dataclass declares the field."""
    if field.default is not dataclasses.MISSING:
        return {"default": field.default}
    return {"required": field.default_factory is dataclasses.MISSING}


def _field_for(hint: Any, options: Options, parents: tuple[type[Any], ...]) -> Any:
    """Return the serializer field for a type, or None if the type is not supported.

    Args:
        hint: the type.
        options: keyword arguments for the field.
        parents: the dataclasses that the type is nested in.
    """
    if get_origin(hint) is None and hint in FIELDS_BY_TYPE:
        field_class, defaults = FIELDS_BY_TYPE[hint]
        return field_class(**(defaults | options))
    if isinstance(hint, type) and issubclass(hint, Enum):
        values = [member.value for member in hint]
        return EnumField(hint, **options) if _are_json_scalars(values) else None
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return serializer_for(hint, parents=parents)(**options)
    return _field_for_generic(get_origin(hint), get_args(hint), options, parents)


def _field_for_generic(
    origin: Any, arguments: tuple[Any, ...], options: Options, parents: tuple[type[Any], ...]
) -> Any:
    if origin is Annotated:
        return _field_for_annotated(arguments, options, parents)
    if origin is Literal:
        return _field_for_literal(arguments, options)
    if origin in (Union, UnionType):
        return _field_for_optional(arguments, options, parents)
    if origin in (list, tuple, dict):
        return _field_for_container(origin, arguments, options, parents)
    return None


def _field_for_annotated(
    arguments: tuple[Any, ...], options: Options, parents: tuple[type[Any], ...]
) -> Any:
    """Return the serializer field in the annotation, or else the one for the type."""
    for entry in arguments[1:]:
        if isinstance(entry, serializers.Field):
            return _copy_field(entry, options)
    return _field_for(arguments[0], options, parents)


def _copy_field(field: Any, options: Options) -> Any:
    """Return a copy of the field with other options, created as DRF's `deepcopy` creates it."""
    # The dataclass, not the field, decides whether a value is required.
    own = {name: v for name, v in field._kwargs.items() if name not in ("required", "default")}
    return type(field)(*field._args, **(own | options))


def _field_for_literal(values: tuple[Any, ...], options: Options) -> Any:
    choices = [value for value in values if value is not None]
    if not _are_json_scalars(choices):
        return None
    nullable: Options = {"allow_null": True} if None in values else {}
    return serializers.ChoiceField(choices, **(options | nullable))


def _are_json_scalars(values: Iterable[object]) -> bool:
    """Return whether each value is a JSON string, number or boolean."""
    return all(type(value) in (str, int, float, bool) for value in values)


def _field_for_optional(
    arguments: tuple[Any, ...], options: Options, parents: tuple[type[Any], ...]
) -> Any:
    """Return the field for a type or null; other unions are ambiguous in JSON."""
    others = [entry for entry in arguments if entry is not NoneType]
    if len(others) != 1 or len(others) == len(arguments):
        return None
    return _field_for(others[0], options | {"allow_null": True}, parents)


def _field_for_container(
    origin: Any, arguments: tuple[Any, ...], options: Options, parents: tuple[type[Any], ...]
) -> Any:
    """Return the field for `list[X]`, `tuple[X, ...]` or `dict[str, X]`."""
    field_class, child = {
        list: (serializers.ListField, arguments[0]),
        tuple: (TupleField, arguments[0] if arguments[1:] == (Ellipsis,) else None),
        dict: (serializers.DictField, arguments[-1] if arguments[0] is str else None),
    }[origin]
    child_field = _field_for(child, {}, parents)
    return field_class(child=child_field, **options) if child_field is not None else None
