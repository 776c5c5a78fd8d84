"""Input declared as a DRF serializer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.utils.safestring import SafeString
from rest_framework import serializers
from rest_framework.fields import empty

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.errors import refusing_deep_nesting
from dj_actions.inputs.serializer_html import fits_html, render_serializer
from dj_actions.inputs.serializer_schema import serializer_schema, writable_fields


@dataclass(frozen=True)
class SerializerInput(InputAdapter):
    """Input declared as a DRF serializer."""

    serializer_class: type[serializers.Serializer[Any]]

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Validate with the serializer; it finds the context in its context."""
        serializer = self.validated_serializer(raw, context)
        return ValidatedInput(data=dict(serializer.validated_data), bound=serializer)

    def validated_serializer(
        self, raw: Mapping[str, Any], context: InputContext
    ) -> serializers.Serializer[Any]:
        """Return the serializer that has accepted the data.

        Raises:
            ValidationError: the data is refused.
        """
        serializer = self.serializer_class(data=cast("Any", raw), context=context.as_dict())
        with refusing_deep_nesting():
            serializer.is_valid(raise_exception=True)
        return serializer

    def fields(self) -> Sequence[InputField]:
        """Describe the writable fields."""
        return [
            InputField(
                name=name,
                type=type(field).__name__,
                required=field.required,
                description=str(field.help_text or ""),
            )
            for name, field in writable_fields(self.serializer_class()).items()
        ]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the writable fields."""
        return serializer_schema(self.serializer_class())

    def sensitive_names(self) -> frozenset[str]:
        """Return the names of fields that a page would ask for as a password."""
        return self._sensitive

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return frozenset(_passwords(self.serializer_class()))

    def source_names(self, names: Collection[str]) -> frozenset[str]:
        """Return the names, with the `source` of each such field."""
        return frozenset(names).union(_sources(self.serializer_class(), names))

    def html(
        self,
        raw: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> SafeString:
        """Return the fields as DRF shows them, or a text area if it cannot show them all."""
        if not self._fits_html:
            return super().html(raw, errors)
        data: Any = empty if raw is None else raw
        return render_serializer(self.serializer_class(data=data), errors)

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:
        """Return what was filled in."""
        return posted if self._fits_html else super().parse_form_data(posted)

    @cached_property
    def _fits_html(self) -> bool:
        return fits_html(self.serializer_class())


def _passwords(field: Any, name: str = "") -> Iterator[str]:
    """Yield the names of fields with the style of a password, at any depth."""
    if name and field.style.get("input_type") == "password":
        yield name
    for inner_name, inner in getattr(field, "fields", {}).items():
        yield from _passwords(inner, inner_name)
    if getattr(field, "child", None) is not None:
        yield from _passwords(field.child, name)


def _sources(field: Any, names: Collection[str], name: str = "") -> Iterator[str]:
    """Yield the parts of the `source` of each field of these names, at any depth."""
    if name in names and field.source:
        yield from field.source.split(".")
    for inner_name, inner in getattr(field, "fields", {}).items():
        yield from _sources(inner, names, inner_name)
    if getattr(field, "child", None) is not None:
        yield from _sources(field.child, names, name)
