"""For actions that take no input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput


class NoInput(InputAdapter):
    """For an action that needs nothing but its object."""

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:  # noqa: ARG002
        """Ignore what was sent."""
        return ValidatedInput(data={})

    def fields(self) -> Sequence[InputField]:
        """There are none."""
        return ()

    def json_schema(self) -> dict[str, Any]:
        """Any object will do."""
        return {"type": "object", "properties": {}}

    def html(
        self,
        raw: Mapping[str, Any] | None = None,  # noqa: ARG002
        errors: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> SafeString:
        """There is nothing to fill in."""
        return SafeString()

    def parse_form_data(self, posted: Mapping[str, Any]) -> object:  # noqa: ARG002
        """Nothing can have been filled in."""
        return {}
