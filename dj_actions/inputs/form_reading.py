"""What Django's forms would misread in a JSON body: they are made to read text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from dj_actions.inputs.schema_builders import maker_of

LIST_FORM_FIELDS = (forms.JSONField, forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
"""Django's fields that know what to do with a list."""

TRUTH_FORM_FIELDS = (forms.BooleanField, forms.NullBooleanField, forms.ChoiceField, forms.JSONField)
"""Django's fields that know what to do with true and false."""


def misread_fields(form: forms.BaseForm, raw: Mapping[str, Any]) -> list[str]:
    """Return the names of fields that would silently take a value as its Python text."""
    if isinstance(raw, QueryDict):
        return [
            name
            for name, field in form.fields.items()
            if isinstance(raw.get(name), UploadedFile) and not isinstance(field, forms.FileField)
        ]
    return [name for name, field in form.fields.items() if not _suits(field, raw.get(name))]


def as_submitted(raw: Mapping[str, Any]) -> Any:
    """Write numbers as a browser would: form fields expect text."""
    if isinstance(raw, QueryDict):
        return raw
    return {
        name: str(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else value
        for name, value in raw.items()
    }


def with_parts(fields: Mapping[str, forms.Field], data: Any) -> Any:
    """Hand the lists of a JSON body to fields of several parts, each part under its own name.

    A browser sends the two halves of a SplitDateTimeField `due` as `due_0` and `due_1`, and that
    is where its widget looks for them; JSON has `"due": ["2026-05-01", "12:00"]`.
    """
    if isinstance(data, QueryDict):
        return data
    parts: dict[str, Any] = {}
    for name, field in fields.items():
        if isinstance(data.get(name), list) and isinstance(field.widget, forms.MultiWidget):
            widget: Any = field.widget
            names = [name + suffix for suffix in widget.widgets_names]
            parts |= as_submitted(dict(zip(names, data[name], strict=False)))
    return {**data, **parts} if parts else data


def _suits(field: forms.Field, value: object) -> bool:
    if isinstance(value, UploadedFile):
        return isinstance(field, forms.FileField)
    if value is not None and _has_parts(field):
        return isinstance(value, list) and _suit_each(field, value)
    return _knows(field, value) or not _reads_text(field)


def _knows(field: forms.Field, value: object) -> bool:
    """Tell whether a field of Django's reads a value for what it is."""
    if isinstance(value, dict):
        return isinstance(field, forms.JSONField)
    if isinstance(value, list):
        return isinstance(field, LIST_FORM_FIELDS)
    if isinstance(value, bool):
        # A field of many choices would take false for none of them.
        return isinstance(field, TRUTH_FORM_FIELDS) and not isinstance(field, LIST_FORM_FIELDS[1:])
    return True


def _suit_each(field: Any, values: list[Any]) -> bool:
    return len(values) == len(field.fields) and all(map(_suits, field.fields, values))


def _has_parts(field: forms.Field) -> bool:
    return isinstance(field, forms.MultiValueField) and isinstance(field.widget, forms.MultiWidget)


def _reads_text(field: forms.Field) -> bool:
    """Tell whether it is Django that reads the value, and reads it as text.

    The field of a project that has a `to_python` of its own is believed to know what it takes.
    """
    if isinstance(field, forms.ComboField):
        return any(_reads_text(inner) for inner in field.fields)
    maker = maker_of(type(field), "to_python")
    return maker is not forms.Field and maker.__module__.startswith("django.forms.")
