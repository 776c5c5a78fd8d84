"""Render a form as an HTML fragment, with errors that were found elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.utils import ErrorDict
from django.utils.safestring import SafeString

from dj_actions.inputs.errors import error_lines


def render_form(form: forms.BaseForm, errors: Mapping[str, Any] | None) -> SafeString:
    """Return the form's fields as HTML, without validating the form.

    Args:
        form: a bound or unbound form.
        errors: the detail of a ValidationError; non-field errors are displayed at the top.
    """
    lines: dict[str, list[str]] = {}
    for name, detail in (errors or {}).items():
        key = name if name in form.fields else NON_FIELD_ERRORS
        lines.setdefault(key, []).extend(error_lines(detail))
    error_lists = {name: _error_list(form, name, messages) for name, messages in lines.items()}
    # `full_clean()` would set this attribute.
    vars(form)["_errors"] = ErrorDict(error_lists)
    return form.as_div()


def _error_list(form: forms.BaseForm, name: str, messages: list[str]) -> Any:
    css_class = "nonfield" if name == NON_FIELD_ERRORS else None
    return form.error_class(messages, error_class=css_class, renderer=form.renderer)
