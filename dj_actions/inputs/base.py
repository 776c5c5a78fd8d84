"""The contract that every way to declare an input fulfils."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from rest_framework.request import Request

from dj_actions.inputs.json_text import parse_json_text, render_json_text


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One field of an action's input, for its documentation."""

    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputContext:
    """What an input may look at while it validates."""

    request: Request | HttpRequest | None = None
    """The request, or None when the action was called from code."""

    view: Any = None
    actor: Any = None

    objects: tuple[Any, ...] = ()
    """What the action acts on."""

    pk: str | None = None
    """The primary key as it stands in the URL; None for a bulk action."""

    def as_dict(self) -> dict[str, Any]:
        """Return what serializers and pydantic models find in their context."""
        return {
            "request": self.request,
            "view": self.view,
            "actor": self.actor,
            "objects": self.objects,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedInput:
    """An input that was accepted."""

    data: dict[str, Any]
    """Field → value: what `perform` receives."""

    bound: Any = None
    """What validated it: the form, the serializer, or the instance of the declared class."""


class InputAdapter(ABC):
    """Validates the raw data of one action, and describes it."""

    @abstractmethod
    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:
        """Return the validated data.

        Raises:
            ValidationError: the data is refused; the detail maps field names to messages, or to
                a further mapping for what is nested.
        """

    @abstractmethod
    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""

    def describe(self) -> list[dict[str, Any]]:
        """Describe the fields as JSON."""
        return [asdict(field) for field in self.fields()]

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """Return a JSON Schema, draft 2020-12, of type object, without `$schema`.

        It says what a client should send. Forms and serializers forgive more: numbers and dates
        written as text, spaces around a text, an empty text for nothing.
        """

    def sensitive_names(self) -> frozenset[str]:
        """Return the names, at any depth, of fields that must not be stored or shown."""
        return frozenset()

    def source_names(self, names: Collection[str]) -> frozenset[str]:
        """Return the names, with those under which the same values stand once validated."""
        return frozenset(names)

    def html(
        self,
        raw: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
    ) -> SafeString:
        """Return the fields as an HTML fragment, to be put inside a <form>.

        Args:
            raw: what to fill in: what was posted from such a fragment, or the input itself.
            errors: the detail of a ValidationError, to be shown beside the fields.
        """
        return render_json_text(raw, errors)

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:
        """Return what was filled into the fragment of `html()`, as `validate` takes it.

        Raises:
            ValidationError: it cannot be read.
        """
        return parse_json_text(posted)
