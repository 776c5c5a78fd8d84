"""A dataclass compiled to a DRF serializer: DRF knows how to read each type from JSON."""

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
"""Arguments that any DRF field takes."""

TYPES: Mapping[Any, tuple[type[serializers.Field[Any, Any, Any, Any]], Options]] = MappingProxyType(
    {
        # A type says nothing about spaces or emptiness, unlike a field made for people.
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


class EnumField(serializers.ChoiceField):
    """A member of an Enum, by its value."""

    def __init__(self, enum: type[Enum], **options: Any) -> None:
        self.enum = enum
        super().__init__([(member.value, member.name) for member in enum], **options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the member."""
        return self.enum(super().to_internal_value(data))


class TupleField(serializers.ListField):
    """A list that becomes a tuple."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the tuple."""
        return tuple(super().to_internal_value(data))


class DataclassSerializer(serializers.Serializer[Any]):
    """Validates to an instance of a dataclass."""

    dataclass_type: type[Any]

    def validate(self, attrs: Any) -> Any:
        """Make the instance; what its `__post_init__` refuses is an error of the whole."""
        try:
            return self.dataclass_type(**attrs)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


def serializer_for(
    declared: type[Any], *, inside: tuple[type[Any], ...] = ()
) -> type[DataclassSerializer]:
    """Return the serializer that validates to a dataclass.

    Args:
        declared: the dataclass.
        inside: the dataclasses it is nested in.

    Raises:
        InvalidAction: a field has a type that we do not know how to read from JSON.
    """
    if declared in inside:
        raise InvalidAction(f"The dataclass {declared.__qualname__} contains itself.")
    hints = _hints_of(declared)
    own = [field for field in dataclasses.fields(declared) if field.init]
    _refuse_further_arguments(declared, {field.name for field in own})
    fields = {}
    for field in own:
        made = _field_of(hints[field.name], _presence(field), (*inside, declared))
        if made is None:
            raise InvalidAction(
                f"{declared.__qualname__}.{field.name} is {hints[field.name]!r}, which we do not "
                "know how to read from JSON. Say how: Annotated[<the type>, <a rest_framework "
                "serializer field>]."
            )
        fields[field.name] = made
    serializer: Any = type(f"{declared.__name__}Serializer", (DataclassSerializer,), fields)
    serializer.dataclass_type = declared
    return serializer  # type: ignore[no-any-return]  # made two lines above


def _hints_of(declared: type[Any]) -> dict[str, Any]:
    try:
        return get_type_hints(declared, include_extras=True)
    except (AttributeError, NameError, SyntaxError, TypeError) as error:
        raise InvalidAction(
            f"The types of the dataclass {declared.__qualname__} cannot be resolved: {error}. "
            "They must be importable from its module."
        ) from error


def _refuse_further_arguments(declared: type[Any], names: set[str]) -> None:
    further = sorted(set(inspect.signature(declared).parameters) - names)
    if further:
        raise InvalidAction(
            f"The dataclass {declared.__qualname__} is made from {', '.join(further)}, which is "
            "no field. An input can fill in fields only."
        )


def _presence(field: dataclasses.Field[Any]) -> Options:
    if field.default is not dataclasses.MISSING:
        return {"default": field.default}
    return {"required": field.default_factory is dataclasses.MISSING}


def _field_of(hint: Any, options: Options, inside: tuple[type[Any], ...]) -> Any:
    """Return the DRF field for a type, or None if there is none.

    Args:
        hint: the type.
        options: arguments for the field.
        inside: the dataclasses around it.
    """
    if get_origin(hint) is None and hint in TYPES:
        made, own = TYPES[hint]
        return made(**(own | options))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return EnumField(hint, **options) if _are_plain(entry.value for entry in hint) else None
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return serializer_for(hint, inside=inside)(**options)
    return _field_of_generic(get_origin(hint), get_args(hint), options, inside)


def _field_of_generic(
    origin: Any, arguments: tuple[Any, ...], options: Options, inside: tuple[type[Any], ...]
) -> Any:
    if origin is Annotated:
        return _annotated(arguments, options, inside)
    if origin is Literal:
        return _literal(arguments, options)
    if origin in (Union, UnionType):
        return _optional(arguments, options, inside)
    if origin in (list, tuple, dict):
        return _container(origin, arguments, options, inside)
    return None


def _annotated(arguments: tuple[Any, ...], options: Options, inside: tuple[type[Any], ...]) -> Any:
    """Take the DRF field that stands beside the type, if one does."""
    for entry in arguments[1:]:
        if isinstance(entry, serializers.Field):
            return _remade(entry, options)
    return _field_of(arguments[0], options, inside)


def _remade(field: Any, options: Options) -> Any:
    """Return the field with other options, made in the way that DRF copies fields."""
    # Whether it must be sent, the dataclass says.
    own = {name: v for name, v in field._kwargs.items() if name not in ("required", "default")}
    return type(field)(*field._args, **(own | options))


def _literal(values: tuple[Any, ...], options: Options) -> Any:
    allowed = [value for value in values if value is not None]
    nullable: Options = {"allow_null": True} if None in values else {}
    return serializers.ChoiceField(allowed, **(options | nullable)) if _are_plain(allowed) else None


def _are_plain(values: Iterable[object]) -> bool:
    """Tell whether a client can write the values as they are."""
    return all(type(value) in (str, int, float, bool) for value in values)


def _optional(arguments: tuple[Any, ...], options: Options, inside: tuple[type[Any], ...]) -> Any:
    """Take a type or null; of two types, JSON does not say which one is meant."""
    others = [entry for entry in arguments if entry is not NoneType]
    if len(others) != 1 or len(others) == len(arguments):
        return None
    return _field_of(others[0], options | {"allow_null": True}, inside)


def _container(
    origin: Any, arguments: tuple[Any, ...], options: Options, inside: tuple[type[Any], ...]
) -> Any:
    """Take `list[X]`, `tuple[X, ...]` and `dict[str, X]`."""
    made, child = {
        list: (serializers.ListField, arguments[0]),
        tuple: (TupleField, arguments[0] if arguments[1:] == (Ellipsis,) else None),
        dict: (serializers.DictField, arguments[-1] if arguments[0] is str else None),
    }[origin]
    child_field = _field_of(child, {}, inside)
    return made(child=child_field, **options) if child_field is not None else None
