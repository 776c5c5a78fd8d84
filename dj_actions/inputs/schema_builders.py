"""Build JSON Schemas: the parts shared by the schemas of serializers and forms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models

Schema = dict[str, Any]
"""A JSON Schema; an empty one accepts anything."""

JSON_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}
STRING: Schema = {"type": "string"}
DECIMAL: Schema = {"type": ["number", "string"], "format": "decimal"}
TIME: Schema = {"type": "string", "format": "time-local"}
"""The formats of DECIMAL and TIME are from https://spec.openapis.org/registry/format/."""

NUMBER_LIMITS = {
    MinValueValidator: "minimum",
    MaxValueValidator: "maximum",
}
LENGTH_LIMITS = {
    MinLengthValidator: "min",
    MaxLengthValidator: "max",
}
LENGTH_SUFFIXES = {"string": "Length", "array": "Items", "object": "Properties"}
"""JSON type → suffix of the keywords that limit its length, as in `minItems`."""

PYTHON_ONLY_REGEX = re.compile(r"\\[wWbBA]|\(\?[^:=!]")
"""Regular expression syntax of Python that ECMA-262 lacks or interprets differently."""


def object_schema(properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    """Return the schema of an object that may have additional properties, which are ignored."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    names = list(required)
    return schema | {"required": names} if names else schema


def enum_schema(values: Iterable[object]) -> Schema:
    """Return the schema of a value that must be one of these."""
    return {"enum": list(dict.fromkeys(json_value(value) for value in values))}


def array_schema(items: Schema, *, allow_empty: bool) -> Schema:
    """Return the schema of a list, given that of its items."""
    schema: Schema = {"type": "array", "items": items}
    return schema if allow_empty else schema | {"minItems": 1}


def with_limits(schema: Schema, validators: Iterable[Callable[[Any], Any]]) -> Schema:
    """Return the schema with the limits set by Django's validators.

    Args:
        schema: the schema; it is returned unchanged if its type has no limits.
        validators: the validators; unknown ones are ignored.
    """
    limits: Schema = {}
    for validator in validators:
        limits |= _limit(schema, validator)
    return schema | limits


def with_null(schema: Schema) -> Schema:
    """Return the schema extended to allow null."""
    if not schema:
        return schema
    if "enum" in schema:
        return schema | {"enum": list(dict.fromkeys([*schema["enum"], None]))}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" in schema:
        return schema | {"type": [*sorted(declared_types(schema)), "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def with_blank(schema: Schema) -> Schema:
    """Return the schema extended to allow an empty string."""
    if "enum" in schema:
        return schema | {"enum": list(dict.fromkeys([*schema["enum"], ""]))}
    if schema.get("type") == "string" and schema.keys() & {"minLength", "pattern", "format"}:
        return {"anyOf": [schema, {"const": ""}]}
    return schema


def not_blank(schema: Schema) -> Schema:
    """Return the schema of strings without the empty one; another schema is unchanged."""
    return schema | {"minLength": 1} if schema.get("type") == "string" else schema


def with_description(schema: Schema, description: object) -> Schema:
    """Return the schema with the description, unless that is empty."""
    text = str(description or "")
    return schema | {"description": text} if text else schema


def column_schema(column: models.Field[Any, Any] | None) -> Schema:
    """Return the schema of a model field's values, for a reference to an object by that field."""
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
    """Return the JSON value of a choice, a limit or a default."""
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


def is_json(value: object) -> bool:
    """Return whether JSON can represent a value as it is; of an Enum member, its value counts."""
    if isinstance(value, (list, tuple)):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(entry) for key, entry in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (int, str, Enum))


def declared_types(schema: Mapping[str, Any]) -> list[str]:
    """Return the JSON types that a schema lists in `type`."""
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def _limit(schema: Schema, validator: Callable[[Any], Any]) -> Schema:
    kind, types = type(validator), set(declared_types(schema))
    if kind in NUMBER_LIMITS and types & {"number", "integer"}:
        return _number_limit(NUMBER_LIMITS[kind], validator)
    if kind in LENGTH_LIMITS and len(types) == 1 and types <= set(LENGTH_SUFFIXES):
        return _number_limit(LENGTH_LIMITS[kind] + LENGTH_SUFFIXES[min(types)], validator)
    if kind is RegexValidator and types == {"string"}:
        return _pattern(validator)
    return {}


def _number_limit(keyword: str, validator: Any) -> Schema:
    limit = validator.limit_value() if callable(validator.limit_value) else validator.limit_value
    is_number = isinstance(limit, (int, float, Decimal)) and not isinstance(limit, bool)
    return {keyword: json_value(limit)} if is_number and math.isfinite(limit) else {}


def _pattern(validator: Any) -> Schema:
    """Return the regular expression as a `pattern`, if other languages interpret it alike."""
    regex = validator.regex
    if (
        validator.inverse_match
        or regex.flags & ~re.UNICODE
        or PYTHON_ONLY_REGEX.search(regex.pattern)
    ):
        return {}
    return {"pattern": regex.pattern.replace(r"\Z", "$")}
