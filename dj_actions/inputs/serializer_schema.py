"""The JSON Schema of a DRF serializer: one table of fields.

A field that is not in the table, or reads its value in a way of its own, accepts anything as far
as we can tell. It may say more itself, in a method `json_schema()` that returns its schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from rest_framework import ISO_8601, relations, serializers
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from dj_actions.inputs.schema_builders import (
    DECIMAL,
    TEXT,
    TIME,
    Schema,
    column_schema,
    described,
    enum_schema,
    is_plain,
    json_value,
    limited,
    object_schema,
    overrides,
    with_blank,
    with_null,
)

KNOWN_WAYS = ("rest_framework.", "dj_actions.")
"""Where the ways to read a value are written that the table knows."""


def serializer_schema(serializer: serializers.Serializer[Any]) -> Schema:
    """Return the schema of what a client may send."""
    fields = writable_fields(serializer)
    return object_schema(
        {name: field_schema(field) for name, field in fields.items()},
        [name for name, field in fields.items() if field.required],
    )


def writable_fields(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """Return the fields a client may fill in, by name."""
    return {
        name: field
        for name, field in serializer.fields.items()
        if not field.read_only and not isinstance(field, serializers.HiddenField)
    }


def field_schema(field: Any) -> Schema:
    """Return the schema of one field, with its description, its default and whether null is one."""
    schema = _own_schema(field)
    if getattr(field, "allow_blank", False):
        schema = with_blank(schema)
    if field.allow_null:
        schema = with_null(schema)
    schema = described(schema, field.help_text)
    if field.default is not empty and is_plain(field.default):
        schema = schema | {"default": json_value(field.default)}
    return schema


def _own_schema(field: Any) -> Schema:
    if callable(getattr(field, "json_schema", None)):
        return dict(field.json_schema())
    if overrides(type(field), ["to_internal_value"], beyond=KNOWN_WAYS):
        return {}
    known = next((entry for entry in type(field).__mro__ if entry in TABLE), None)
    return limited(TABLE[known](field), getattr(field, "validators", ())) if known else {}


def _always(schema: Schema) -> Callable[[Any], Schema]:
    return lambda _field: schema


def _text(field: Any) -> Schema:
    return TEXT if field.allow_blank else TEXT | {"minLength": 1}


def _formatted(name: str) -> Callable[[Any], Schema]:
    return lambda field: _text(field) | {"format": name}


def _address(field: Any) -> Schema:
    return _text(field) if field.protocol == "both" else _text(field) | {"format": field.protocol}


def _temporal(schema: Schema, setting: str) -> Callable[[Any], Schema]:
    """Promise a format only if the field reads it: projects may choose others."""

    def schema_of(field: Any) -> Schema:
        formats = getattr(field, "input_formats", None) or getattr(api_settings, setting)
        return schema if any(str(entry).lower() == ISO_8601 for entry in formats) else TEXT

    return schema_of


def _one_of(field: Any) -> Schema:
    return enum_schema(field.choices)


def _some_of(field: Any) -> Schema:
    return _sequence(enum_schema(field.choices), field)


def _list(field: Any) -> Schema:
    return _sequence(field_schema(field.child), field)


def _serializers(field: Any) -> Schema:
    limits = {"minItems": field.min_length, "maxItems": field.max_length}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return _list(field) | given


def _sequence(items: Schema, field: Any) -> Schema:
    schema: Schema = {"type": "array", "items": items}
    return schema if field.allow_empty else schema | {"minItems": 1}


def _mapping(field: Any) -> Schema:
    schema: Schema = {"type": "object", "additionalProperties": field_schema(field.child)}
    return schema if field.allow_empty else schema | {"minProperties": 1}


def _json(field: Any) -> Schema:
    return TEXT if field.binary else {}


def _by_key(field: Any) -> Schema:
    if field.pk_field is not None:
        return field_schema(field.pk_field)
    return column_schema(field.queryset.model._meta.pk) if field.queryset is not None else {}


def _by_slug(field: Any) -> Schema:
    try:
        return column_schema(field.queryset.model._meta.get_field(field.slug_field))
    except (AttributeError, FieldDoesNotExist):
        # The queryset is found at the time of the request, or the slug is of a related object.
        return {}


def _related(field: Any) -> Schema:
    return _sequence(field_schema(field.child_relation), field)


TABLE: Mapping[type, Callable[[Any], Schema]] = MappingProxyType(
    {
        serializers.BooleanField: _always({"type": "boolean"}),
        serializers.CharField: _text,
        serializers.EmailField: _formatted("email"),
        serializers.URLField: _formatted("uri"),
        serializers.IPAddressField: _address,
        serializers.UUIDField: _always({"type": "string", "format": "uuid"}),
        serializers.IntegerField: _always({"type": "integer"}),
        serializers.FloatField: _always({"type": "number"}),
        serializers.DecimalField: _always(DECIMAL),
        serializers.DateTimeField: _temporal(
            {"type": "string", "format": "date-time"}, "DATETIME_INPUT_FORMATS"
        ),
        serializers.DateField: _temporal(
            {"type": "string", "format": "date"}, "DATE_INPUT_FORMATS"
        ),
        serializers.TimeField: _temporal(TIME, "TIME_INPUT_FORMATS"),
        serializers.DurationField: _always({"type": "string", "format": "duration"}),
        serializers.ChoiceField: _one_of,
        serializers.MultipleChoiceField: _some_of,
        serializers.FileField: _always({"type": "string", "format": "binary"}),
        serializers.ListField: _list,
        serializers.DictField: _mapping,
        serializers.JSONField: _json,
        serializers.Serializer: serializer_schema,
        serializers.ListSerializer: _serializers,
        serializers.PrimaryKeyRelatedField: _by_key,
        serializers.SlugRelatedField: _by_slug,
        serializers.HyperlinkedRelatedField: _always({"type": "string", "format": "uri-reference"}),
        relations.ManyRelatedField: _related,
    }
)
