"""Create a DRF serializer from a JSON Schema, for surfaces that can show a serializer only.

It describes the fields; the input itself validates the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from dj_actions.inputs.schema_builders import declared_types
from dj_actions.inputs.schema_references import resolve_references
from dj_actions.inputs.serializer_html import AS_TEXT

Options = dict[str, Any]
Field = serializers.Field[Any, Any, Any, Any]

MAX_DEPTH = 3
"""Levels of nested objects that are shown; deeper ones are shown as JSON."""

FIELDS_BY_FORMAT: Mapping[str, type[Field]] = {
    "date": serializers.DateField,
    "date-time": serializers.DateTimeField,
    "email": serializers.EmailField,
    "uri": serializers.URLField,
    "uuid": serializers.UUIDField,
    "binary": serializers.FileField,
}

LIMITS: Mapping[type[Field], Mapping[str, str]] = {
    serializers.CharField: {"minLength": "min_length", "maxLength": "max_length"},
    serializers.IntegerField: {"minimum": "min_value", "maximum": "max_value"},
    serializers.FloatField: {"minimum": "min_value", "maximum": "max_value"},
}
"""Field → keyword of the schema → option of the field."""


class Inline:
    """Options for drf-yasg: describe the serializer in place, as others may have its name."""

    ref_name = None


FIELDS_BY_TYPE: Mapping[str, type[Field]] = {
    "string": serializers.CharField,
    "integer": serializers.IntegerField,
    "number": serializers.FloatField,
    "boolean": serializers.BooleanField,
}


def serializer_from(schema: Mapping[str, Any], name: str) -> type[serializers.Serializer[Any]]:
    """Return a serializer class with the fields of an object.

    Args:
        schema: the JSON Schema.
        name: name of the class.
    """
    return _serializer(schema, schema, name, 0)


def field_from(schema: Mapping[str, Any], **options: Any) -> Field:
    """Return a serializer field for the values of a JSON Schema.

    Args:
        schema: the JSON Schema.
        options: keyword arguments of the field.
    """
    return _field(schema, schema, options, 0)


def _serializer(
    schema: Mapping[str, Any], root: Mapping[str, Any], name: str, depth: int
) -> type[serializers.Serializer[Any]]:
    required = schema.get("required", ())
    fields = {
        key: _field(inner, root, {"required": key in required}, depth + 1)
        for key, inner in schema.get("properties", {}).items()
    }
    return type(name, (serializers.Serializer,), {**fields, "Meta": Inline})


def _field(schema: object, root: Mapping[str, Any], options: Options, depth: int) -> Field:
    schema, is_nullable = _without_null(resolve_references(schema, root), root)
    options |= {"allow_null": is_nullable} | _texts(schema)
    if "enum" in schema:
        return _choice(schema["enum"], options)
    types = [entry for entry in declared_types(schema) if entry != "null"]
    kind = types[0] if len(types) == 1 and depth <= MAX_DEPTH else None
    if kind == "array":
        item = _field(schema.get("items", {}), root, {}, depth + 1)
        return serializers.ListField(child=item, **options)
    if kind == "object" and schema.get("properties"):
        return _serializer(schema, root, "Nested", depth)(**options)
    if kind is None or kind not in FIELDS_BY_TYPE:
        return serializers.JSONField(**options)
    field_class = FIELDS_BY_FORMAT.get(str(schema.get("format")), FIELDS_BY_TYPE[kind])
    return field_class(**options, **_limits(field_class, schema))


def _choice(values: Sequence[Any], options: Options) -> Field:
    """Return a field for one of a number of values."""
    choices = [value for value in values if value is not None]
    if any(isinstance(value, (list, dict)) for value in choices):
        # A ChoiceField would take a list for a value and its label, and cannot hold an object.
        return serializers.JSONField(**options)
    return serializers.ChoiceField(choices, **options)


def _without_null(
    schema: Mapping[str, Any], root: Mapping[str, Any]
) -> tuple[Mapping[str, Any], bool]:
    """Return the schema of a value that is not null, and whether null is allowed."""
    alternatives = [resolve_references(entry, root) for entry in schema.get("anyOf", ())]
    others = [entry for entry in alternatives if entry.get("type") != "null"]
    if len(others) == 1:
        texts = {key: schema[key] for key in ("title", "description") if key in schema}
        return {**others[0], **texts}, len(alternatives) > 1
    return schema, "null" in declared_types(schema) or None in schema.get("enum", ())


def _texts(schema: Mapping[str, Any]) -> Options:
    texts: Options = {}
    if schema.get("title"):
        texts["label"] = str(schema["title"])
    if schema.get("description"):
        texts["help_text"] = str(schema["description"])
    if schema.get("format") == "password":
        texts["style"] = {"input_type": "password"}
    if "default" in schema:
        texts["initial"] = schema["default"]
        if schema.get("format") == "date-time":
            texts["style"] = AS_TEXT  # the default may be anything
    return texts


def _limits(field_class: type[Field], schema: Mapping[str, Any]) -> Options:
    limits = {
        option: schema[keyword]
        for keyword, option in LIMITS.get(field_class, {}).items()
        if keyword in schema
    }
    if field_class is serializers.CharField:
        limits["allow_blank"] = not schema.get("minLength")
    return limits
