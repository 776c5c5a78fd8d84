"""A text area for JSON, the HTML form of inputs that have no form fields of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.inputs.errors import error_lines, reject_deep_nesting
from dj_actions.inputs.form_html import render_form
from dj_actions.redaction import is_sensitive


class JSONTextareaForm(forms.Form):
    """Form with one text area for JSON."""

    data = forms.CharField(  # type: ignore[assignment]  # Django takes the fields off the class
        label=_lazy("Data"),
        help_text=_lazy("A JSON object."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 80, "spellcheck": "false"}),
    )


def render_json_textarea(
    raw: Mapping[str, Any] | None = None, errors: Mapping[str, Any] | None = None
) -> SafeString:
    """Return the text area as HTML.

    Args:
        raw: initial values: the data posted from the text area, or the JSON object itself.
        errors: the detail of a ValidationError; all messages are displayed with the text area.
    """
    lines = list(error_lines(errors or {}))
    form = JSONTextareaForm({"data": _initial_text(raw)})
    return render_form(form, {"data": lines} if lines else None)


def parse_json_textarea(posted: Mapping[str, Any]) -> object:
    """Return the JSON entered in the text area; an empty text area is an empty object.

    Raises:
        ValidationError: the text is not valid JSON.
    """
    text = str(posted.get("data") or "").strip()
    try:
        with reject_deep_nesting():
            return json.loads(text or "{}")
    except ValueError as error:
        message = _("Invalid JSON: {error}").format(error=error)
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [message]}) from error


def without_secrets(posted: QueryDict, names: Collection[str]) -> QueryDict:
    """Return posted data without the values of sensitive fields, also in the text area.

    Args:
        posted: the data; it is not modified.
        names: names of the fields, in lower case.
    """
    kept = posted.copy()
    for name in posted:
        if is_sensitive(name, names):
            del kept[name]
    for name in kept:
        kept.setlist(name, [_text_without(value, names) for value in kept.getlist(name)])
    return kept


def _text_without(text: Any, names: Collection[str]) -> Any:
    """Return JSON text without the sensitive fields; text that only looks like it becomes empty."""
    if not isinstance(text, str) or not any(name in text.lower() for name in names):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip()[:1] in {"{", "["} else text
    kept = _value_without(value, names)
    return text if kept == value else json.dumps(kept, indent=2, ensure_ascii=False)


def _value_without(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _value_without(entry, names)
            for key, entry in value.items()
            if not is_sensitive(key, names)
        }
    return [_value_without(entry, names) for entry in value] if isinstance(value, list) else value


def _initial_text(raw: Mapping[str, Any] | None) -> str:
    if isinstance(raw, QueryDict):
        return str(raw.get("data", ""))
    return json.dumps(raw, indent=2, ensure_ascii=False, default=str) if raw else ""
