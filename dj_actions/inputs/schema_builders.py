"""What the JSON Schemas of serializers and of forms have in common."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from django.core import validators
from django.db import models

Schema = dict[str, Any]
"""A JSON Schema; an empty one accepts anything."""

TEXT: Schema = {"type": "string"}
DECIMAL: Schema = {"type": ["number", "string"], "format": "decimal"}
TIME: Schema = {"type": "string", "format": "time-local"}
"""Both formats are of https://spec.openapis.org/registry/format/."""

NUMBER_LIMITS = {
    validators.MinValueValidator: "minimum",
    validators.MaxValueValidator: "maximum",
}
LENGTH_LIMITS = {
    validators.MinLengthValidator: "min",
    validators.MaxLengthValidator: "max",
}
COUNTED = {"string": "Length", "array": "Items", "object": "Properties"}

NOT_PORTABLE = re.compile(r"\\[wWbBA]|\(\?[^:=!]")
"""Parts of a Python regular expression that mean something else in ECMA-262, or nothing."""


def object_schema(properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    """Return the schema of an object whose further properties are ignored."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    names = list(required)
    return schema | {"required": names} if names else schema


def enum_schema(values: Iterable[object]) -> Schema:
    """Return the schema of one of some values."""
    return {"enum": list(dict.fromkeys(json_value(value) for value in values))}


def limited(schema: Schema, of: Iterable[Callable[[Any], Any]]) -> Schema:
    """Return the schema with the limits that Django's validators set.

    Args:
        schema: of a type that has limits; another is returned as it is.
        of: the validators; those that are unknown are left out.
    """
    limits: Schema = {}
    for validator in of:
        limits |= _limit(schema, validator)
    return schema | limits


def with_null(schema: Schema) -> Schema:
    """Return the schema of the same or null."""
    if not schema:
        return schema
    if "enum" in schema:
        return schema | {"enum": list(dict.fromkeys([*schema["enum"], None]))}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" in schema:
        return schema | {"type": [*sorted(_types_of(schema)), "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def with_blank(schema: Schema) -> Schema:
    """Return the schema of the same text or an empty one."""
    if "enum" in schema:
        return schema | {"enum": list(dict.fromkeys([*schema["enum"], ""]))}
    if schema.get("type") == "string" and schema.keys() & {"minLength", "pattern", "format"}:
        return {"anyOf": [schema, {"const": ""}]}
    return schema


def described(schema: Schema, description: object) -> Schema:
    """Return the schema with a description, if there is one."""
    text = str(description or "")
    return schema | {"description": text} if text else schema


def column_schema(column: models.Field[Any, Any] | None) -> Schema:
    """Return the schema of a model field's values, as a reference to an object has them."""
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    if isinstance(column, models.IntegerField):
        return {"type": "integer"}
    if isinstance(column, models.UUIDField):
        return {"type": "string", "format": "uuid"}
    if isinstance(column, (models.CharField, models.TextField)):
        return {"type": "string"}
    return {}


def json_value(value: object) -> Any:
    """Return a choice, a limit or a default as JSON has it."""
    if isinstance(value, Enum):
        return json_value(value.value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (list, tuple)):
        return [json_value(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): json_value(entry) for key, entry in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def is_plain(value: object) -> bool:
    """Tell whether JSON has a value as it stands, or by the value of an Enum's member."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(entry) for key, entry in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (int, str, Enum))


def overrides(owner: type, methods: Iterable[str], *, beyond: tuple[str, ...]) -> bool:
    """Tell whether a class takes one of the methods from outside of some packages.

    Args:
        owner: the class.
        methods: names of methods.
        beyond: beginnings of the names of modules.
    """
    return any(not maker_of(owner, method).__module__.startswith(beyond) for method in methods)


def maker_of(owner: type, method: str) -> type:
    """Return the class in which the method of a class is written."""
    return next(entry for entry in owner.__mro__ if method in vars(entry))


def _limit(schema: Schema, validator: Callable[[Any], Any]) -> Schema:
    kind, types = type(validator), _types_of(schema)
    if kind in NUMBER_LIMITS and types & {"number", "integer"}:
        return _number(NUMBER_LIMITS[kind], validator)
    if kind in LENGTH_LIMITS and len(types) == 1 and types <= set(COUNTED):
        return _number(LENGTH_LIMITS[kind] + COUNTED[min(types)], validator)
    if kind is validators.RegexValidator and types == {"string"}:
        return _pattern(validator)
    return {}


def _types_of(schema: Schema) -> set[str]:
    declared = schema.get("type", [])
    return {declared} if isinstance(declared, str) else set(declared)


def _number(keyword: str, validator: Any) -> Schema:
    limit = validator.limit_value() if callable(validator.limit_value) else validator.limit_value
    is_number = isinstance(limit, (int, float, Decimal)) and not isinstance(limit, bool)
    return {keyword: json_value(limit)} if is_number and math.isfinite(limit) else {}


def _pattern(validator: Any) -> Schema:
    """Return the regular expression, if it means the same to other readers of JSON Schema."""
    regex = validator.regex
    if validator.inverse_match or regex.flags & ~re.UNICODE or NOT_PORTABLE.search(regex.pattern):
        return {}
    return {"pattern": regex.pattern.replace(r"\Z", "$")}
