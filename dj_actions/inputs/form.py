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
from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.errors import refusing_deep_nesting
from dj_actions.inputs.form_html import render_form
from dj_actions.inputs.form_reading import as_submitted, misread_fields, with_parts
from dj_actions.inputs.form_schema import form_schema


@dataclass(frozen=True)
class FormInput(InputAdapter):
    """Input declared as a Django form.

    A form class may have a `get_form(view, request, pk, instance=None)`, which is called without
    an instance of the form and returns one that is bound to the request's data. It is used when
    there is a request.
    """

    form_class: type[forms.BaseForm]

    non_field_errors_key: str | None = None
    """The name of errors that belong to no field; None for the name that DRF gives them."""

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Validate with the form."""
        form = self._bound_form(raw, context)
        misread = misread_fields(form, raw)
        if misread:
            raise ValidationError({name: [_("Not a valid value.")] for name in misread})
        with refusing_deep_nesting():
            valid = form.is_valid()
        if not valid:
            raise ValidationError(self._errors_of(form))
        return ValidatedInput(data=dict(form.cleaned_data), bound=form)

    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""
        return [
            InputField(
                name=name,
                type=type(field).__name__,
                required=field.required,
                description=str(field.help_text),
            )
            for name, field in self._blank_form().fields.items()
        ]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the fields."""
        return form_schema(self._blank_form().fields)

    def sensitive_names(self) -> frozenset[str]:
        """Return the names of fields that a page would ask for as a password."""
        return self._sensitive

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return frozenset(
            name
            for name, field in self._blank_form().fields.items()
            if any(widget.input_type == "password" for widget in _inputs(field.widget))
        )

    def html(
        self,
        raw: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> SafeString:
        """Return the fields as the form shows them."""
        form = self._blank_form()
        if raw is not None:
            form.is_bound = True
            form.data = with_parts(form.fields, _as_text(form.fields, raw))
        try:
            return render_form(form, errors)
        except RecursionError:
            # A JSONField parses a text in order to show it; this one is nested too deeply.
            return render_form(self._blank_form(), errors)

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:
        """Return what was filled in."""
        return posted

    def _instance(self, context: InputContext) -> dict[str, Any]:
        """Return the object for a form that saves one: without it, it would make another."""
        if context.pk is None or not issubclass(self.form_class, forms.BaseModelForm):
            return {}
        return {"instance": context.objects[0]}

    def _bound_form(self, raw: Mapping[str, Any], context: InputContext) -> forms.BaseForm:
        get_form = getattr(self.form_class, "get_form", None)
        if get_form is None or context.request is None:
            # DRF puts uploaded files among the data; a form takes its files from here.
            form = self.form_class(
                data=as_submitted(raw), files=cast("Any", raw), **self._instance(context)
            )
        else:
            form = self._own_form(get_form, raw, context)
            if form.data is raw:
                form.data = as_submitted(raw)
        form.data = with_parts(form.fields, form.data)
        return form

    def _own_form(
        self, get_form: Any, raw: Mapping[str, Any], context: InputContext
    ) -> forms.BaseForm:
        """Return the form that the form class makes for itself."""
        on_one = context.pk is not None and context.objects
        form = get_form(
            context.view,
            context.request,
            context.pk,
            instance=context.objects[0] if on_one else None,
        )
        if not isinstance(form, forms.BaseForm):
            raise InvalidAction(
                f"{self.form_class.__qualname__}.get_form returned {form!r}. It must return a "
                "form that is bound, for example to request.data."
            )
        if not form.is_bound:  # as of `request.data or None`, when nothing was sent
            form.is_bound, form.data = True, cast("Any", raw)
        return form

    def _blank_form(self) -> forms.BaseForm:
        """Return a form to describe."""
        try:
            return self.form_class()
        except (TypeError, KeyError):
            # It asks for more, such as the user, which its get_form takes from the request.
            form = forms.Form()
            declared: Any = self.form_class
            form.fields = copy.deepcopy(declared.base_fields)
            return form

    def _errors_of(self, form: forms.BaseForm) -> dict[str, list[str]]:
        """Give a form's errors the shape of a serializer's."""
        whole = self.non_field_errors_key or api_settings.NON_FIELD_ERRORS_KEY
        return {
            whole if name == NON_FIELD_ERRORS else name: [str(message) for message in messages]
            for name, messages in form.errors.items()
        }


def _inputs(widget: forms.Widget) -> Iterator[Input]:
    """Yield the inputs a widget consists of."""
    if isinstance(widget, forms.MultiWidget):
        for inner in widget.widgets:
            yield from _inputs(inner)
    elif isinstance(widget, Input):
        yield widget


def _as_text(fields: Mapping[str, forms.Field], raw: Mapping[str, Any]) -> Any:
    """Write a JSON body as a browser would have sent it, to be shown."""
    if isinstance(raw, QueryDict):
        return raw
    return {
        name: json.dumps(value)
        if isinstance(fields.get(name), forms.JSONField) and not isinstance(value, str)
        else value
        for name, value in raw.items()
    }
