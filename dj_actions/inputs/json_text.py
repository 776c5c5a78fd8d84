"""JSON in a text area: how a page asks for an input that has no form of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.inputs.errors import as_lines, refusing_deep_nesting
from dj_actions.inputs.form_html import render_form


class JSONText(forms.Form):
    """One text area."""

    data = forms.CharField(  # type: ignore[assignment]  # Django takes the fields off the class
        label=_lazy("Data"),
        help_text=_lazy("A JSON object."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 80, "spellcheck": "false"}),
    )


def render_json_text(
    raw: Mapping[str, Any] | None = None, errors: Mapping[str, Any] | None = None
) -> SafeString:
    """Return the text area as HTML.

    Args:
        raw: what was posted from it, or the JSON object itself.
        errors: the detail of a ValidationError; all of it is shown beside the text area.
    """
    lines = list(as_lines(errors or {}))
    return render_form(JSONText({"data": _text_of(raw)}), {"data": lines} if lines else None)


def parse_json_text(posted: Mapping[str, Any]) -> object:
    """Return what was written into the text area; nothing written is an empty object.

    Raises:
        ValidationError: it is no JSON.
    """
    text = str(posted.get("data") or "").strip()
    try:
        with refusing_deep_nesting():
            return json.loads(text or "{}")
    except ValueError as error:
        message = _("Invalid JSON: {error}").format(error=error)
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [message]}) from error


def _text_of(raw: Mapping[str, Any] | None) -> str:
    if isinstance(raw, QueryDict):
        return str(raw.get("data", ""))
    return json.dumps(raw, indent=2, ensure_ascii=False, default=str) if raw else ""
