"""The security scheme of machine tokens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from dj_actions.authentication import ACCEPTS_TOKENS
from dj_actions.inputs.schema_builders import Schema


class MachineTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes `MachineTokenAuthentication` for the operations that accept a token."""

    target_class = "dj_actions.authentication.MachineTokenAuthentication"
    name = "machineToken"
    match_subclasses = True

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        """Return the requirement; None for an operation that refuses every machine token."""
        view: Any = auto_schema.view
        accepts = getattr(view, ACCEPTS_TOKENS, False) is True
        scope = getattr(view, "is_within_scope", None)
        return {self.name: []} if accepts and (scope is None or scope()) else None

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:  # noqa: ARG002
        """Return the security scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "dja_…",
            "description": "A machine token, see `manage.py machine_token`. It may call the "
            "actions that it names, as its owner.",
        }
