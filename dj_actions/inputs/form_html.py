"""A form as an HTML fragment, with errors that were found elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.utils import ErrorDict
from django.utils.safestring import SafeString

from dj_actions.inputs.errors import as_lines


def render_form(form: forms.BaseForm, errors: Mapping[str, Any] | None) -> SafeString:
    """Return the form's fields as HTML. Nothing is validated for it.

    Args:
        form: filled in or not.
        errors: the detail of a ValidationError; what belongs to no field is shown on top.
    """
    lines: dict[str, list[str]] = {}
    for name, detail in (errors or {}).items():
        where = name if name in form.fields else NON_FIELD_ERRORS
        lines.setdefault(where, []).extend(as_lines(detail))
    shown = {name: _error_list(form, name, messages) for name, messages in lines.items()}
    # What `full_clean()` would set, were the form to validate itself.
    vars(form)["_errors"] = ErrorDict(shown)
    return form.as_div()


def _error_list(form: forms.BaseForm, name: str, messages: list[str]) -> Any:
    css_class = "nonfield" if name == NON_FIELD_ERRORS else None
    return form.error_class(messages, error_class=css_class, renderer=form.renderer)
