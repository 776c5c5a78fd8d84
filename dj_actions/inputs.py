"""What an action accepts: one small adapter for each way to declare it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.exceptions import InvalidAction
from dj_actions.storable import is_storable

STRUCTURED_FORM_FIELDS = (
    forms.JSONField,
    forms.MultipleChoiceField,
    forms.ModelMultipleChoiceField,
    forms.MultiValueField,
)
"""Form fields that know what to do with a list or an object."""


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

    def validate(self, raw: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """Validate with the form."""
        files = getattr(context.get("request"), "FILES", None)
        form = self.form_class(data=cast("Any", raw), files=files)
        self._refuse_structures(form, raw)
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

    def _refuse_structures(self, form: forms.BaseForm, raw: Mapping[str, Any]) -> None:
        """Refuse a JSON list or object where a form would silently take its Python text."""
        if isinstance(raw, QueryDict):
            return
        wrong = {
            name: [_("Not a valid value.")]
            for name, field in form.fields.items()
            if isinstance(raw.get(name), (list, dict))
            and not isinstance(field, STRUCTURED_FORM_FIELDS)
        }
        if wrong:
            raise ValidationError(wrong)


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
    refused = {
        key: [_("Null characters and lone surrogates are not allowed.")]
        for key in raw
        if not (is_storable(key) and is_storable(raw[key]))
    }
    if refused:
        raise ValidationError(
            {
                key if is_storable(key) else api_settings.NON_FIELD_ERRORS_KEY: messages
                for key, messages in refused.items()
            }
        )
    return raw


def _drf_errors(form: forms.BaseForm) -> dict[str, list[str]]:
    """Give a form's errors the shape of a serializer's."""
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == "__all__" else name: [
            str(message) for message in messages
        ]
        for name, messages in form.errors.items()
    }
