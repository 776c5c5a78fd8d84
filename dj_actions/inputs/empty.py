"""The adapter of actions that take no input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput


class NoInput(InputAdapter):
    """Adapter for an action that takes no input."""

    needs_objects = False

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:  # noqa: ARG002
        """Return empty data, and ignore the raw data."""
        return ValidatedInput(data={})

    def fields(self) -> Sequence[InputField]:
        """Return no fields."""
        return ()

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of any object."""
        return {"type": "object", "properties": {}}

    def html(
        self,
        raw: Mapping[str, Any] | None = None,  # noqa: ARG002
        errors: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> SafeString:
        """Return an empty fragment."""
        return SafeString()

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:  # noqa: ARG002
        """Return empty data."""
        return {}
