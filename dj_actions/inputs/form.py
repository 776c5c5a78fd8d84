"""Input declared as a Django form."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.widgets import Input
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs.base import (
    InputAdapter,
    InputContext,
    InputField,
    ValidatedInput,
    input_fields,
)
from dj_actions.inputs.errors import reject_deep_nesting
from dj_actions.inputs.form_data import (
    as_form_data,
    misread_fields,
    refuse_long_numbers,
    with_split_values,
)
from dj_actions.inputs.form_html import render_form
from dj_actions.inputs.form_schema import form_schema


@dataclass(frozen=True)
class FormInput(InputAdapter):
    """Input declared as a Django form.

    A form class may define `get_form(view, request, pk, instance=None)`, a class method or static
    method that returns a form bound to the request's data. It is used when there is a request.
    """

    form_class: type[forms.BaseForm]

    non_field_errors_key: str | None = None
    """Key of non-field errors; None for DRF's NON_FIELD_ERRORS_KEY."""

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Return the form's cleaned data."""
        form = self._bound_form(raw, context)
        misread = misread_fields(form, raw)
        if misread:
            raise ValidationError({name: [_("Not a valid value.")] for name in misread})
        with reject_deep_nesting():
            valid = form.is_valid()
        if not valid:
            raise ValidationError(self._error_detail(form))
        return ValidatedInput(data=dict(form.cleaned_data), bound=form)

    def fields(self) -> Sequence[InputField]:
        """Return the description of each field."""
        return input_fields(self._blank_form().fields)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the fields."""
        return form_schema(self._blank_form().fields)

    def sensitive_names(self) -> frozenset[str]:
        """Return the names of fields with a password widget."""
        return self._sensitive

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return frozenset(
            name
            for name, field in self._blank_form().fields.items()
            if any(widget.input_type == "password" for widget in _input_widgets(field.widget))
        )

    def html(
        self,
        raw: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> SafeString:
        """Return the fields as the form renders them."""
        form = self._blank_form()
        refuse_long_numbers(form.fields)
        if raw is not None:
            form.is_bound = True
            form.data = with_split_values(form.fields, _with_json_text(form.fields, raw))
        try:
            return render_form(form, errors)
        except RecursionError:
            # A JSONField parses its text to render it; this text is nested too deeply.
            return render_form(self._blank_form(), errors)

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:
        """Return the posted data unchanged."""
        return posted

    def _instance_kwargs(self, context: InputContext) -> dict[str, Any]:
        """Return the instance for a model form, which would otherwise create a new object."""
        if context.pk is None or not issubclass(self.form_class, forms.BaseModelForm):
            return {}
        return {"instance": context.objects[0]}

    def _bound_form(self, raw: Mapping[str, Any], context: InputContext) -> forms.BaseForm:
        get_form = getattr(self.form_class, "get_form", None)
        if get_form is None or context.request is None:
            # DRF merges uploaded files into the data, while a form expects them separately.
            form = self.form_class(
                data=as_form_data(raw), files=cast("Any", raw), **self._instance_kwargs(context)
            )
        else:
            form = self._form_from_get_form(get_form, raw, context)
            if form.data is raw:
                form.data = as_form_data(raw)
        form.data = with_split_values(form.fields, form.data)
        refuse_long_numbers(form.fields)
        return form

    def _form_from_get_form(
        self, get_form: Any, raw: Mapping[str, Any], context: InputContext
    ) -> forms.BaseForm:
        """Return the bound form that the form class creates in its `get_form`."""
        has_instance = context.pk is not None and context.objects
        form = get_form(
            context.view,
            context.request,
            context.pk,
            instance=context.objects[0] if has_instance else None,
        )
        if not isinstance(form, forms.BaseForm):
            raise InvalidAction(
                f"{self.form_class.__qualname__}.get_form returned {form!r}. It must return a "
                "bound form, for example one bound to request.data."
            )
        if not form.is_bound:  # for example, made with `request.data or None` of an empty body
            form.is_bound, form.data = True, cast("Any", raw)
        return form

    def _blank_form(self) -> forms.BaseForm:
        """Return an unbound form."""
        try:
            return self.form_class()
        except (TypeError, KeyError):
            # The form requires other arguments, which its get_form takes from the request.
            form = forms.Form()
            declared: Any = self.form_class
            form.fields = copy.deepcopy(declared.base_fields)
            return form

    def _error_detail(self, form: forms.BaseForm) -> dict[str, list[str]]:
        """Return the form's errors in the shape of a serializer's."""
        key = self.non_field_errors_key or api_settings.NON_FIELD_ERRORS_KEY
        return {
            key if name == NON_FIELD_ERRORS else name: [str(message) for message in messages]
            for name, messages in form.errors.items()
        }


def _input_widgets(widget: forms.Widget) -> Iterator[Input]:
    """Yield the widgets for <input> elements that a widget consists of."""
    if isinstance(widget, forms.MultiWidget):
        for inner in widget.widgets:
            yield from _input_widgets(inner)
    elif isinstance(widget, Input):
        yield widget


def _with_json_text(fields: Mapping[str, forms.Field], raw: Mapping[str, Any]) -> Any:
    """Return the body with the values of JSON fields as JSON text, as a browser submits them."""
    if isinstance(raw, QueryDict):
        return raw
    return {
        name: json.dumps(value)
        if isinstance(fields.get(name), forms.JSONField) and not isinstance(value, str)
        else value
        for name, value in raw.items()
    }
