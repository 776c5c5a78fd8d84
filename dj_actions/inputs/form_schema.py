"""The JSON Schema of a Django form: one table of fields.

A field that is not in the table, or reads its value in a way of its own, accepts anything as far
as we can tell. It may say more itself, in a method `json_schema()` that returns its schema.
"""

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
    TEXT,
    TIME,
    Schema,
    column_schema,
    described,
    enum_schema,
    limited,
    object_schema,
    overrides,
    with_blank,
    with_null,
)

KNOWN_WAYS = ("django.forms.", "dj_actions.")
"""Where the ways to read a value are written that the table knows."""


def form_schema(fields: Mapping[str, forms.Field]) -> Schema:
    """Return the schema of what a client may send."""
    enabled = {name: field for name, field in fields.items() if not field.disabled}
    return object_schema(
        {name: field_schema(field) for name, field in enabled.items()},
        [name for name, field in enabled.items() if _must_be_sent(field)],
    )


def field_schema(field: forms.Field) -> Schema:
    """Return the schema of one field, with its description and whether it may be empty."""
    schema = _own_schema(field)
    if not _must_be_sent(field):
        schema = with_null(with_blank(schema))
    return described(schema, field.help_text)


def _must_be_sent(field: forms.Field) -> bool:
    """Tell whether a missing value is refused: a NullBooleanField takes it for null."""
    return field.required and not isinstance(field, forms.NullBooleanField)


def _own_schema(field: Any) -> Schema:
    if callable(getattr(field, "json_schema", None)):
        return dict(field.json_schema())
    if overrides(type(field), ["to_python", "clean"], beyond=KNOWN_WAYS):
        return {}
    known = next((entry for entry in type(field).__mro__ if entry in TABLE), None)
    return limited(TABLE[known](field), field.validators) if known else {}


def _always(schema: Schema) -> Callable[[Any], Schema]:
    return lambda _field: schema


def _text(field: Any) -> Schema:
    return TEXT | {"minLength": 1} if field.required else TEXT


def _formatted(name: str) -> Callable[[Any], Schema]:
    return lambda field: _text(field) | {"format": name}


def _address(field: Any) -> Schema:
    for validator, name in ((validate_ipv4_address, "ipv4"), (validate_ipv6_address, "ipv6")):
        if validator in field.validators:
            return _text(field) | {"format": name}
    return _text(field)


def _temporal(schema: Schema, layout: str) -> Callable[[Any], Schema]:
    """Promise a format only if the field reads it: projects and languages have others."""
    return lambda field: schema if layout in list(field.input_formats) else TEXT


def _truth(field: Any) -> Schema:
    return {"const": True} if field.required else {"type": "boolean"}


def _one_of(field: Any) -> Schema:
    return enum_schema(_choices(field))


def _some_of(field: Any) -> Schema:
    return _sequence(enum_schema(_choices(field)), field)


def _choices(field: Any) -> list[Any]:
    choices: list[tuple[Any, Any]] = list(flatten_choices(field.choices))
    return [key for key, _ in choices if key not in ("", None)]


def _object(field: Any) -> Schema:
    try:
        return column_schema(field.queryset.model._meta.get_field(_key(field)))
    except FieldDoesNotExist:
        return {}


def _key(field: Any) -> str:
    return str(field.to_field_name or field.queryset.model._meta.pk.name)


def _objects(field: Any) -> Schema:
    return _sequence(_object(field), field)


def _sequence(items: Schema, field: Any) -> Schema:
    schema: Schema = {"type": "array", "items": items}
    return schema | {"minItems": 1} if field.required else schema


def _parts(field: Any) -> Schema:
    if not isinstance(field.widget, forms.MultiWidget):
        return {}
    length = len(field.fields)
    parts = [field_schema(inner) for inner in field.fields]
    return {"type": "array", "prefixItems": parts, "minItems": length, "maxItems": length}


def _all_of(field: Any) -> Schema:
    return {"allOf": [field_schema(inner) for inner in field.fields]}


TABLE: Mapping[type, Callable[[Any], Schema]] = MappingProxyType(
    {
        forms.BooleanField: _truth,
        forms.NullBooleanField: _always({"type": "boolean"}),
        forms.CharField: _text,
        forms.EmailField: _formatted("email"),
        forms.URLField: _formatted("uri"),
        forms.GenericIPAddressField: _address,
        forms.UUIDField: _formatted("uuid"),
        forms.IntegerField: _always({"type": "integer"}),
        forms.FloatField: _always({"type": "number"}),
        forms.DecimalField: _always(DECIMAL),
        # Django reads ISO 8601 whatever the formats of this one are.
        forms.DateTimeField: _always({"type": "string", "format": "date-time"}),
        forms.DateField: _temporal({"type": "string", "format": "date"}, "%Y-%m-%d"),
        forms.TimeField: _temporal(TIME, "%H:%M:%S"),
        forms.DurationField: _always({"type": "string", "format": "duration"}),
        forms.ChoiceField: _one_of,
        forms.MultipleChoiceField: _some_of,
        forms.ModelChoiceField: _object,
        forms.ModelMultipleChoiceField: _objects,
        forms.FileField: _always({"type": "string", "format": "binary"}),
        forms.JSONField: _always({}),
        forms.MultiValueField: _parts,
        forms.ComboField: _all_of,
    }
)
