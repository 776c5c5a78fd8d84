"""A serializer as an HTML fragment, made by DRF's own form renderer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms.utils import ErrorList
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from rest_framework import serializers
from rest_framework.renderers import HTMLFormRenderer

from dj_actions.inputs.errors import as_lines

NOT_IN_HTML = (serializers.ListSerializer, serializers.ListField, serializers.DictField)
"""What DRF's renderer shows as a note that it is not supported."""


class FragmentRenderer(HTMLFormRenderer):
    """DRF's renderer, without its two traps for what people typed."""

    def render_field(self, field: Any, parent_style: Mapping[str, Any]) -> str:
        """Return one field as HTML."""
        if field.style.get("input_type") == "password":
            # DRF would write the password into the page.
            field.value = None
        try:
            return super().render_field(field, parent_style)
        except ValueError:
            # DRF parses dates in order to show them; this one was refused because it is none.
            field.value = None
            return super().render_field(field, parent_style)


def fits_html(serializer: serializers.Serializer[Any]) -> bool:
    """Tell whether DRF's renderer can ask for each of the fields."""
    return not any(
        isinstance(field, NOT_IN_HTML)
        or (isinstance(field, serializers.Serializer) and not fits_html(field))
        for field in serializer.fields.values()
        if not field.read_only
    )


def render_serializer(
    serializer: serializers.Serializer[Any], errors: Mapping[str, Any] | None
) -> SafeString:
    """Return the serializer's fields as HTML. Nothing is validated for it.

    Args:
        serializer: with or without data.
        errors: the detail of a ValidationError; what belongs to no field is shown on top.
    """
    # What `is_valid()` would set; `data` then shows what was sent, not what was made of it.
    state = {"_errors": errors or {}, "_validated_data": {}, "_data": serializer.get_initial()}
    vars(serializer).update(state)
    top = list(as_lines({k: v for k, v in (errors or {}).items() if k not in serializer.fields}))
    shown = ErrorList(top, error_class="nonfield").as_ul() if top else ""
    # The renderer fills Django templates, which escape what they are given.
    fragment = mark_safe(FragmentRenderer().render(serializer.data))  # noqa: S308
    return format_html("{}{}", shown, fragment)
