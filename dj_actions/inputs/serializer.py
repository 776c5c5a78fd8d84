"""Input declared as a DRF serializer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.utils.safestring import SafeString
from rest_framework import serializers
from rest_framework.fields import empty

from dj_actions.inputs.base import (
    InputAdapter,
    InputContext,
    InputField,
    ValidatedInput,
    input_fields,
)
from dj_actions.inputs.errors import reject_deep_nesting
from dj_actions.inputs.serializer_html import (
    render_serializer,
    show_dates_as_text,
    supports_html_form,
)
from dj_actions.inputs.serializer_schema import serializer_schema, writable_fields


@dataclass(frozen=True)
class SerializerInput(InputAdapter):
    """Input declared as a DRF serializer."""

    serializer_class: type[serializers.Serializer[Any]]

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Return the serializer's validated data; the serializer receives the input's context."""
        serializer = self.validated_serializer(raw, context)
        return ValidatedInput(data=dict(serializer.validated_data), bound=serializer)

    def validated_serializer(
        self, raw: Mapping[str, Any], context: InputContext
    ) -> serializers.Serializer[Any]:
        """Return a serializer with valid data.

        Raises:
            ValidationError: the data is invalid.
        """
        serializer = self.serializer_class(data=cast("Any", raw), context=context.as_dict())
        try:
            with reject_deep_nesting():
                serializer.is_valid(raise_exception=True)
        except serializers.ValidationError:
            show_dates_as_text(serializer)  # in the browsable API, which shows what was sent
            raise
        return serializer

    def fields(self) -> Sequence[InputField]:
        """Return the description of each writable field."""
        return input_fields(writable_fields(self.serializer_class()))

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the writable fields."""
        return serializer_schema(self.serializer_class())

    def serializer(self, context: Mapping[str, Any]) -> serializers.Serializer[Any]:
        """Return the declared serializer."""
        return self.serializer_class(context=dict(context))

    def sensitive_names(self) -> frozenset[str]:
        """Return the names, at any depth, of fields with the style of a password."""
        return self._sensitive

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return frozenset(_password_fields(self.serializer_class()))

    def source_names(self, names: Collection[str]) -> frozenset[str]:
        """Return the names, plus the parts of the `source` of each of these fields."""
        return frozenset(names).union(_sources(self.serializer_class(), names))

    def html(
        self,
        raw: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> SafeString:
        """Return the fields as DRF renders them, or a text area if it does not support them all."""
        if not self._has_html_form:
            return super().html(raw, errors)
        data: Any = empty if raw is None else raw
        return render_serializer(self.serializer_class(data=data), errors)

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:
        """Return the posted fields, or the JSON of the text area."""
        return posted if self._has_html_form else super().parse_form_data(posted)

    @cached_property
    def _has_html_form(self) -> bool:
        return supports_html_form(self.serializer_class())


def _password_fields(field: Any, name: str = "") -> Iterator[str]:
    """Yield the names of fields with the style of a password, at any depth."""
    if name and field.style.get("input_type") == "password":
        yield name
    for inner_name, inner in getattr(field, "fields", {}).items():
        yield from _password_fields(inner, inner_name)
    if getattr(field, "child", None) is not None:
        yield from _password_fields(field.child, name)


def _sources(field: Any, names: Collection[str], name: str = "") -> Iterator[str]:
    """Yield the parts of the `source` of each field with one of these names, at any depth."""
    if name in names and field.source:
        yield from field.source.split(".")
    for inner_name, inner in getattr(field, "fields", {}).items():
        yield from _sources(inner, names, inner_name)
    if getattr(field, "child", None) is not None:
        yield from _sources(field.child, names, name)
