"""The JSON Schema of a DRF serializer; see `schema_table` for fields that are not in the table."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from rest_framework import ISO_8601, relations, serializers
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from dj_actions.inputs.schema_builders import (
    DECIMAL,
    STRING,
    TIME,
    Schema,
    array_schema,
    column_schema,
    enum_schema,
    is_json,
    json_value,
    not_blank,
    object_schema,
    with_blank,
    with_description,
    with_null,
)
from dj_actions.inputs.schema_table import SchemaTable, constant, lookup_schema

COVERED_MODULES = ("rest_framework.", "dj_actions.")
"""Prefixes of the modules whose `to_internal_value` the table covers."""


def serializer_schema(serializer: serializers.Serializer[Any]) -> Schema:
    """Return the schema of the data that a client may send."""
    fields = writable_fields(serializer)
    return object_schema(
        {name: field_schema(field) for name, field in fields.items()},
        [name for name, field in fields.items() if field.required],
    )


def writable_fields(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """Return the fields that a client may send, by name."""
    return {
        name: field
        for name, field in serializer.fields.items()
        if not field.read_only and not isinstance(field, serializers.HiddenField)
    }


def field_schema(field: Any) -> Schema:
    """Return the schema of one field, with its description, its default and null if allowed."""
    schema = lookup_schema(
        field, FIELD_SCHEMAS, parsed_by=["to_internal_value"], modules=COVERED_MODULES
    )
    if getattr(field, "allow_blank", False):
        schema = with_blank(schema)
    if field.allow_null:
        schema = with_null(schema)
    schema = with_description(schema, field.help_text)
    if field.default is not empty and is_json(field.default):
        schema = schema | {"default": json_value(field.default)}
    return schema


def _string(field: Any) -> Schema:
    return STRING if field.allow_blank else STRING | {"minLength": 1}


def _formatted(name: str) -> Callable[[Any], Schema]:
    return lambda field: _string(field) | {"format": name}


def _ip_address(field: Any) -> Schema:
    schema = _string(field)
    return schema if field.protocol == "both" else schema | {"format": field.protocol}


def _temporal(schema: Schema, setting: str) -> Callable[[Any], Schema]:
    """Promise a format only if the field parses it: projects may configure others."""

    def schema_of(field: Any) -> Schema:
        formats = getattr(field, "input_formats", None) or getattr(api_settings, setting)
        return schema if any(str(entry).lower() == ISO_8601 for entry in formats) else STRING

    return schema_of


def _choice(field: Any) -> Schema:
    return enum_schema(field.choices)


def _multiple_choice(field: Any) -> Schema:
    return array_schema(enum_schema(field.choices), allow_empty=field.allow_empty)


def _list(field: Any) -> Schema:
    return array_schema(field_schema(field.child), allow_empty=field.allow_empty)


def _list_serializer(field: Any) -> Schema:
    limits = {"minItems": field.min_length, "maxItems": field.max_length}
    return _list(field) | {name: limit for name, limit in limits.items() if limit is not None}


def _dict(field: Any) -> Schema:
    schema: Schema = {"type": "object", "additionalProperties": field_schema(field.child)}
    return schema if field.allow_empty else schema | {"minProperties": 1}


def _json(field: Any) -> Schema:
    return STRING if field.binary else {}


def _primary_key(field: Any) -> Schema:
    if field.pk_field is not None:
        return field_schema(field.pk_field)
    if field.queryset is None:
        return {}
    return _reference(field, column_schema(field.queryset.model._meta.pk))


def _slug(field: Any) -> Schema:
    try:
        return _reference(
            field, column_schema(field.queryset.model._meta.get_field(field.slug_field))
        )
    except (AttributeError, FieldDoesNotExist):
        # The queryset is determined per request, or the slug field belongs to a related model.
        return {}


def _hyperlink(field: Any) -> Schema:
    return _reference(field, {"type": "string", "format": "uri-reference"})


def _reference(field: Any, schema: Schema) -> Schema:
    """Return the schema of a reference; DRF reads an empty string as null."""
    return schema if field.allow_null else not_blank(schema)


def _many_related(field: Any) -> Schema:
    return array_schema(field_schema(field.child_relation), allow_empty=field.allow_empty)


FIELD_SCHEMAS: SchemaTable = MappingProxyType(
    {
        serializers.BooleanField: constant({"type": "boolean"}),
        serializers.CharField: _string,
        serializers.EmailField: _formatted("email"),
        serializers.URLField: _formatted("uri"),
        serializers.IPAddressField: _ip_address,
        serializers.UUIDField: constant({"type": "string", "format": "uuid"}),
        serializers.IntegerField: constant({"type": "integer"}),
        serializers.FloatField: constant({"type": "number"}),
        serializers.DecimalField: constant(DECIMAL),
        serializers.DateTimeField: _temporal(
            {"type": "string", "format": "date-time"}, "DATETIME_INPUT_FORMATS"
        ),
        serializers.DateField: _temporal(
            {"type": "string", "format": "date"}, "DATE_INPUT_FORMATS"
        ),
        serializers.TimeField: _temporal(TIME, "TIME_INPUT_FORMATS"),
        serializers.DurationField: constant({"type": "string", "format": "duration"}),
        serializers.ChoiceField: _choice,
        serializers.MultipleChoiceField: _multiple_choice,
        serializers.FileField: constant({"type": "string", "format": "binary"}),
        serializers.ListField: _list,
        serializers.DictField: _dict,
        serializers.JSONField: _json,
        serializers.Serializer: serializer_schema,
        serializers.ListSerializer: _list_serializer,
        serializers.PrimaryKeyRelatedField: _primary_key,
        serializers.SlugRelatedField: _slug,
        serializers.HyperlinkedRelatedField: _hyperlink,
        relations.ManyRelatedField: _many_related,
    }
)
