"""Convert a JSON body to the strings that form fields parse, and find values they would misread."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from dj_actions.inputs.schema_table import defining_class

LIST_FORM_FIELDS = (forms.JSONField, forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
"""Django's fields that accept a list."""

BOOLEAN_FORM_FIELDS = (
    forms.BooleanField,
    forms.NullBooleanField,
    forms.ChoiceField,
    forms.JSONField,
)
"""Django's fields that accept true and false."""


def misread_fields(form: forms.BaseForm, raw: Mapping[str, Any]) -> list[str]:
    """Return the names of fields that would silently use the `str()` of their value."""
    if isinstance(raw, QueryDict):
        return [
            name
            for name, field in form.fields.items()
            if isinstance(raw.get(name), UploadedFile) and not isinstance(field, forms.FileField)
        ]
    return [name for name, field in form.fields.items() if not _can_read(field, raw.get(name))]


def as_form_data(raw: Mapping[str, Any]) -> Any:
    """Return the body with numbers as strings, as a browser submits them."""
    if isinstance(raw, QueryDict):
        return raw
    return {
        name: str(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else value
        for name, value in raw.items()
    }


def with_split_values(fields: Mapping[str, forms.Field], data: Any) -> Any:
    """Return the data with the lists for multi-value fields split, one name per part.

    A browser submits the two parts of a SplitDateTimeField `due` as `due_0` and `due_1`, and its
    widget reads them there; a JSON body has `"due": ["2026-05-01", "12:00"]`.
    """
    if isinstance(data, QueryDict):
        return data
    parts: dict[str, Any] = {}
    for name, field in fields.items():
        if isinstance(data.get(name), list) and isinstance(field.widget, forms.MultiWidget):
            widget: Any = field.widget
            names = [name + suffix for suffix in widget.widgets_names]
            parts |= as_form_data(dict(zip(names, data[name], strict=False)))
    return {**data, **parts} if parts else data


def refuse_long_numbers(fields: Mapping[str, forms.Field]) -> None:
    """Let the JSON fields of one form refuse numbers with more digits than Python converts.

    The limit is that of `sys.set_int_max_str_digits`. Django expects no other error of the parser
    than JSONDecodeError.
    """
    for field in fields.values():
        if isinstance(field, forms.JSONField):
            field.decoder = _refusing_long_numbers(field.decoder or json.JSONDecoder)


def _refusing_long_numbers(decoder: type[json.JSONDecoder]) -> type[json.JSONDecoder]:
    def decode(self: json.JSONDecoder, text: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return decoder.decode(self, text, *args, **kwargs)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(str(error), text, 0) from error

    return type(decoder.__name__, (decoder,), {"decode": decode})


def _can_read(field: forms.Field, value: object) -> bool:
    if isinstance(value, UploadedFile):
        return isinstance(field, forms.FileField)
    if value is not None and _is_multi_value(field):
        return isinstance(value, list) and _can_read_parts(field, value)
    return _accepts_type(field, value) or not _parses_strings(field)


def _accepts_type(field: forms.Field, value: object) -> bool:
    """Return whether one of Django's fields accepts a value of this type without converting it."""
    if isinstance(value, dict):
        return isinstance(field, forms.JSONField)
    if isinstance(value, list):
        return isinstance(field, LIST_FORM_FIELDS)
    if isinstance(value, bool):
        # A multiple choice field would read False as an empty selection.
        return isinstance(field, BOOLEAN_FORM_FIELDS) and not isinstance(
            field, LIST_FORM_FIELDS[1:]
        )
    return True


def _can_read_parts(field: Any, values: list[Any]) -> bool:
    return len(values) == len(field.fields) and all(map(_can_read, field.fields, values))


def _is_multi_value(field: forms.Field) -> bool:
    return isinstance(field, forms.MultiValueField) and isinstance(field.widget, forms.MultiWidget)


def _parses_strings(field: forms.Field) -> bool:
    """Return whether Django's own `to_python` parses the value as a string.

    A project's field that overrides `to_python` is trusted with any value.
    """
    if isinstance(field, forms.ComboField):
        return any(_parses_strings(inner) for inner in field.fields)
    cls = defining_class(type(field), "to_python")
    return cls is not forms.Field and cls.__module__.startswith("django.forms.")
