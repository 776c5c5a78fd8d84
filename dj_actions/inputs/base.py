"""The base class of input adapters, and the values that it works with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.safestring import SafeString
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from dj_actions.inputs.json_textarea import parse_json_textarea, render_json_textarea
from dj_actions.inputs.schema_serializer import serializer_from


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One field of an action's input, for its documentation."""

    name: str
    type: str
    required: bool
    description: str


def input_fields(fields: Mapping[str, Any]) -> list[InputField]:
    """Return the description of each form field or serializer field."""
    return [
        InputField(
            name=name,
            type=type(field).__name__,
            required=field.required,
            description=str(field.help_text or ""),
        )
        for name, field in fields.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputContext:
    """The request, view, actor and objects that an input may use for validation."""

    request: Request | HttpRequest | None = None
    """The request, or None when the action was called from code."""

    view: Any = None
    actor: Any = None

    objects: tuple[Any, ...] = ()
    """The objects that the action acts on."""

    pk: str | None = None
    """The primary key as given in the URL; None for a bulk action."""

    def as_dict(self) -> dict[str, Any]:
        """Return the context for serializers and pydantic models."""
        return {
            "request": self.request,
            "view": self.view,
            "actor": self.actor,
            "objects": self.objects,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedInput:
    """The result of a successful validation."""

    data: dict[str, Any]
    """Field name → value, as `perform` receives it."""

    bound: Any = None
    """The validated form or serializer, or the instance of the declared class."""


class InputAdapter(ABC):
    """Validates the raw data of one action, and describes its fields."""

    needs_objects: ClassVar[bool] = True
    """Whether validation may use the objects; if not, it precedes the locks on them."""

    @abstractmethod
    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Return the validated data.

        Raises:
            ValidationError: the data is invalid; the detail maps field names to messages, or to
                another mapping for nested fields.
        """

    @abstractmethod
    def fields(self) -> Sequence[InputField]:
        """Return the description of each field."""

    def describe(self) -> list[dict[str, Any]]:
        """Return the description of each field as JSON."""
        return [asdict(field) for field in self.fields()]

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """Return a JSON Schema, draft 2020-12, of type object, without `$schema`.

        It describes what a client should send. Forms and serializers accept more: numbers and
        dates written as strings, strings with surrounding spaces, an empty string for null.
        """

    def serializer(self, context: Mapping[str, Any]) -> Serializer[Any]:
        """Return a serializer that describes the fields, for DRF's forms and OPTIONS responses.

        Args:
            context: the context of the serializer.
        """
        return serializer_from(self.json_schema(), "Input")(context=dict(context))

    def sensitive_names(self) -> frozenset[str]:
        """Return the names, at any depth, of fields whose values must not be stored or shown."""
        return frozenset()

    def source_names(self, names: Collection[str]) -> frozenset[str]:
        """Return the names of fields, plus the names of the same values after validation."""
        return frozenset(names)

    def html(
        self,
        raw: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> SafeString:
        """Return the fields as an HTML fragment for use inside a <form>.

        Args:
            raw: initial values: the data posted from an earlier fragment, or the input itself.
            errors: the detail of a ValidationError, displayed with the fields.
        """
        return render_json_textarea(raw, errors)

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:
        """Return the data posted from the fragment of `html()`, in the form `validate` takes.

        Raises:
            ValidationError: the data cannot be parsed.
        """
        return parse_json_textarea(posted)
