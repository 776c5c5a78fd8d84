"""Render a serializer as an HTML fragment, with DRF's own form renderer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.forms.utils import ErrorList
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from rest_framework import serializers
from rest_framework.renderers import HTMLFormRenderer

from dj_actions.inputs.errors import error_lines

AS_TEXT: Mapping[str, Any] = {"input_type": "text"}
"""Style of a field that shows what it is given. For a date picker, DRF parses a date to render it,
and fails on an invalid one."""

CONTROL = re.compile(r'<(input|select|textarea)\b(?![^>]*type="(?:checkbox|radio|hidden)")')
"""The control of a field that has one."""

UNSUPPORTED_FIELDS = (serializers.ListSerializer, serializers.ListField, serializers.DictField)
"""Fields that DRF's renderer replaces with a note that they are not supported."""


class FragmentRenderer(HTMLFormRenderer):
    """DRF's renderer, adapted so that it neither reveals passwords nor fails on invalid dates."""

    def render_field(self, field: Any, parent_style: Mapping[str, Any]) -> str:
        """Return one field as HTML."""
        if field.style.get("input_type") == "password":
            # DRF would render the password into the page.
            field.value = None
        try:
            html = super().render_field(field, parent_style)
        except ValueError:
            # DRF parses dates to render them, and fails on an invalid date.
            field.value = None
            html = super().render_field(field, parent_style)
        return _labelled(html, field.name)


def _labelled(html: str, name: str) -> str:
    """Return a field as HTML whose label belongs to its control, for screen readers.

    DRF's templates do not connect the two. Check boxes are inside of their labels.
    """
    if len(CONTROL.findall(html)) != 1 or html.count("<label") != 1:
        return html
    key = escape(f"id_{name}")
    connected = CONTROL.sub(rf'<\1 id="{key}"', html.replace("<label", f'<label for="{key}"', 1))
    return mark_safe(connected)  # noqa: S308 - DRF's own HTML, with an escaped name


def show_dates_as_text(serializer: serializers.Serializer[Any]) -> None:
    """Let a serializer with invalid data be rendered by DRF, whatever its dates are."""
    for field in serializer.fields.values():
        if isinstance(field, serializers.DateTimeField):
            field.style = {**field.style, **AS_TEXT}
        elif isinstance(field, serializers.Serializer):
            show_dates_as_text(field)


def supports_html_form(serializer: serializers.Serializer[Any]) -> bool:
    """Return whether DRF's renderer supports each of the fields."""
    return not any(
        isinstance(field, UNSUPPORTED_FIELDS)
        or (isinstance(field, serializers.Serializer) and not supports_html_form(field))
        for field in serializer.fields.values()
        if not field.read_only
    )


def render_serializer(
    serializer: serializers.Serializer[Any], errors: Mapping[str, Any] | None
) -> SafeString:
    """Return the serializer's fields as HTML, without validating the serializer.

    Args:
        serializer: a serializer with or without data.
        errors: the detail of a ValidationError; non-field errors are displayed at the top.
    """
    # `is_valid()` would set these attributes. With them, `data` is the submitted data.
    state = {"_errors": errors or {}, "_validated_data": {}, "_data": serializer.get_initial()}
    vars(serializer).update(state)
    other = {
        name: detail for name, detail in (errors or {}).items() if name not in serializer.fields
    }
    lines = list(error_lines(other))
    error_list = ErrorList(lines, error_class="nonfield").as_ul() if lines else ""
    # The renderer uses Django templates, which escape all values.
    fragment = mark_safe(FragmentRenderer().render(serializer.data))  # noqa: S308
    return format_html("{}{}", error_list, fragment)
