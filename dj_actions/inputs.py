"""What an action accepts: one small adapter for each way to declare it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.exceptions import InvalidAction
from dj_actions.storable import is_storable

UNSTORABLE = _lazy(
    "Null characters, lone surrogates, infinite numbers and deep nesting are not allowed."
)

STRUCTURED_FORM_FIELDS = (
    forms.JSONField,
    forms.MultipleChoiceField,
    forms.ModelMultipleChoiceField,
    forms.MultiValueField,
)
"""Form fields that know what to do with a list or an object."""

TRUTH_FORM_FIELDS = (forms.BooleanField, forms.NullBooleanField, forms.ChoiceField, forms.JSONField)
"""Form fields that know what to do with true and false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One field of an action's input, for its documentation."""

    name: str
    type: str
    required: bool
    description: str


class InputAdapter(ABC):
    """Validates the raw data of one action."""

    @abstractmethod
    def validate(self, raw: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the validated data.

        Raises:
            ValidationError: the data is refused; the detail maps field names to messages.
        """

    @abstractmethod
    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""

    def describe(self) -> list[dict[str, Any]]:
        """Describe the fields as JSON."""
        return [asdict(field) for field in self.fields()]


class NoInput(InputAdapter):
    """For an action that needs nothing but its object."""

    def validate(self, raw: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Ignore what was sent."""
        return {}

    def fields(self) -> Sequence[InputField]:
        """There are none."""
        return ()


@dataclass(frozen=True)
class SerializerInput(InputAdapter):
    """Input declared as a DRF serializer."""

    serializer_class: type[serializers.Serializer[Any]]

    def validate(self, raw: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """Validate with the serializer."""
        serializer = self.serializer_class(data=cast("Any", raw), context=dict(context))
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def fields(self) -> Sequence[InputField]:
        """Describe the writable fields."""
        return [
            InputField(
                name=name,
                type=type(field).__name__,
                required=field.required,
                description=str(field.help_text or ""),
            )
            for name, field in self.serializer_class().fields.items()
            if not field.read_only
        ]


@dataclass(frozen=True)
class FormInput(InputAdapter):
    """Input declared as a Django form."""

    form_class: type[forms.BaseForm]

    def validate(self, raw: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Validate with the form."""
        # DRF puts uploaded files among the data; a form takes its files from here.
        form = self.form_class(data=_as_submitted(raw), files=cast("Any", raw))
        self._refuse_what_forms_misread(form, raw)
        if not form.is_valid():
            raise ValidationError(_drf_errors(form))
        return dict(form.cleaned_data)

    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""
        return [
            InputField(
                name=name,
                type=type(field).__name__,
                required=field.required,
                description=str(field.help_text),
            )
            for name, field in self.form_class().fields.items()
        ]

    def _refuse_what_forms_misread(self, form: forms.BaseForm, raw: Mapping[str, Any]) -> None:
        """Refuse what a form would silently take as its Python text."""
        wrong = {
            name: [_("Not a valid value.")]
            for name, field in form.fields.items()
            if not _suits(field, raw.get(name), from_form=isinstance(raw, QueryDict))
        }
        if wrong:
            raise ValidationError(wrong)


def _suits(field: forms.Field, value: object, *, from_form: bool) -> bool:
    if isinstance(value, UploadedFile):
        return isinstance(field, forms.FileField)
    if from_form:
        return True
    if isinstance(value, (list, dict)):
        return isinstance(field, STRUCTURED_FORM_FIELDS)
    if isinstance(value, bool):
        return isinstance(field, TRUTH_FORM_FIELDS)
    return True


def _as_submitted(raw: Mapping[str, Any]) -> Any:
    """Write numbers as a browser would: form fields expect text."""
    if isinstance(raw, QueryDict):
        return raw
    return {
        name: str(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else value
        for name, value in raw.items()
    }


def adapter_for(declared: object) -> InputAdapter:
    """Return the adapter for what an action declares as its `input`.

    Raises:
        InvalidAction: nothing we know how to validate with.
    """
    if declared is None:
        return NoInput()
    if isinstance(declared, type) and issubclass(declared, serializers.Serializer):
        return SerializerInput(declared)
    if isinstance(declared, type) and issubclass(declared, forms.BaseForm):
        return FormInput(declared)
    raise InvalidAction(
        f"input is {declared!r}. Use a rest_framework Serializer class, a django Form class, "
        "or None."
    )


def require_mapping(raw: object) -> Mapping[str, Any]:
    """Return the body of a request if it is a JSON object that a database can store.

    Raises:
        ValidationError: it is something else, or holds text that PostgreSQL cannot store.
    """
    if not isinstance(raw, Mapping):
        kind = type(raw).__name__
        raise ValidationError(
            {
                api_settings.NON_FIELD_ERRORS_KEY: [
                    _("Invalid data. Expected a dictionary, but got {kind}.").format(kind=kind)
                ]
            }
        )
    refused = {key: [UNSTORABLE] for key in raw if not is_storable([key, _all_of(raw, key)])}
    if refused:
        raise ValidationError(
            {
                key if is_storable(key) else api_settings.NON_FIELD_ERRORS_KEY: messages
                for key, messages in refused.items()
            }
        )
    return raw


def _all_of(raw: Mapping[str, Any], key: str) -> Any:
    """Return all values of a field: a form may repeat it."""
    return raw.getlist(key) if isinstance(raw, QueryDict) else raw[key]


def _drf_errors(form: forms.BaseForm) -> dict[str, list[str]]:
    """Give a form's errors the shape of a serializer's."""
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == "__all__" else name: [
            str(message) for message in messages
        ]
        for name, messages in form.errors.items()
    }
