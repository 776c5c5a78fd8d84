"""The JSON Schema of a Django form; see `schema_table` for fields that are not in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.core.validators import validate_ipv4_address, validate_ipv6_address
from django.utils.choices import flatten_choices

from dj_actions.inputs.schema_builders import (
    DECIMAL,
    STRING,
    TIME,
    Schema,
    array_schema,
    column_schema,
    enum_schema,
    not_blank,
    object_schema,
    with_blank,
    with_description,
    with_null,
)
from dj_actions.inputs.schema_table import SchemaTable, constant, lookup_schema

COVERED_MODULES = ("django.forms.", "dj_actions.")
"""Prefixes of the modules whose `to_python` and `clean` the table covers."""


def form_schema(fields: Mapping[str, forms.Field]) -> Schema:
    """Return the schema of the data that a client may send."""
    enabled = {name: field for name, field in fields.items() if not field.disabled}
    return object_schema(
        {name: field_schema(field) for name, field in enabled.items()},
        [name for name, field in enabled.items() if _is_required(field)],
    )


def field_schema(field: forms.Field) -> Schema:
    """Return the schema of one field, with its description; it may be empty if not required."""
    schema = lookup_schema(
        field, FIELD_SCHEMAS, parsed_by=["to_python", "clean"], modules=COVERED_MODULES
    )
    if not _is_required(field):
        schema = with_null(with_blank(schema))
    return with_description(schema, field.help_text)


def _is_required(field: forms.Field) -> bool:
    """Return whether a missing value is invalid; a NullBooleanField reads it as null."""
    return field.required and not isinstance(field, forms.NullBooleanField)


def _string(field: Any) -> Schema:
    return STRING | {"minLength": 1} if field.required else STRING


def _formatted(name: str) -> Callable[[Any], Schema]:
    return lambda field: _string(field) | {"format": name}


def _ip_address(field: Any) -> Schema:
    for validator, name in ((validate_ipv4_address, "ipv4"), (validate_ipv6_address, "ipv6")):
        if validator in field.validators:
            return _string(field) | {"format": name}
    return _string(field)


def _temporal(schema: Schema, input_format: str) -> Callable[[Any], Schema]:
    """Promise a format only if the field parses it: projects and locales use others."""
    return lambda field: schema if input_format in list(field.input_formats) else STRING


def _boolean(field: Any) -> Schema:
    return {"const": True} if field.required else {"type": "boolean"}


def _choice(field: Any) -> Schema:
    choices: list[tuple[Any, Any]] = list(flatten_choices(field.choices))
    return enum_schema(key for key, _ in choices if key not in ("", None))


def _multiple_choice(field: Any) -> Schema:
    return array_schema(_choice(field), allow_empty=not field.required)


def _model_choice(field: Any) -> Schema:
    options = field.queryset.model._meta
    try:
        schema = column_schema(options.get_field(str(field.to_field_name or options.pk.name)))
    except FieldDoesNotExist:
        return {}
    return not_blank(schema) if field.required else schema


def _model_multiple_choice(field: Any) -> Schema:
    return array_schema(_model_choice(field), allow_empty=not field.required)


def _multi_value(field: Any) -> Schema:
    if not isinstance(field.widget, forms.MultiWidget):
        return {}
    length = len(field.fields)
    parts = [field_schema(part) for part in field.fields]
    return {"type": "array", "prefixItems": parts, "minItems": length, "maxItems": length}


def _combo(field: Any) -> Schema:
    return {"allOf": [field_schema(inner) for inner in field.fields]}


FIELD_SCHEMAS: SchemaTable = MappingProxyType(
    {
        forms.BooleanField: _boolean,
        forms.NullBooleanField: constant({"type": "boolean"}),
        forms.CharField: _string,
        forms.EmailField: _formatted("email"),
        forms.URLField: _formatted("uri"),
        forms.GenericIPAddressField: _ip_address,
        forms.UUIDField: _formatted("uuid"),
        forms.IntegerField: constant({"type": "integer"}),
        forms.FloatField: constant({"type": "number"}),
        forms.DecimalField: constant(DECIMAL),
        # Django parses ISO 8601 whatever the input formats of a DateTimeField are.
        forms.DateTimeField: constant({"type": "string", "format": "date-time"}),
        forms.DateField: _temporal({"type": "string", "format": "date"}, "%Y-%m-%d"),
        forms.TimeField: _temporal(TIME, "%H:%M:%S"),
        forms.DurationField: constant({"type": "string", "format": "duration"}),
        forms.ChoiceField: _choice,
        forms.MultipleChoiceField: _multiple_choice,
        forms.ModelChoiceField: _model_choice,
        forms.ModelMultipleChoiceField: _model_multiple_choice,
        forms.FileField: constant({"type": "string", "format": "binary"}),
        forms.JSONField: constant({}),
        forms.MultiValueField: _multi_value,
        forms.ComboField: _combo,
    }
)
