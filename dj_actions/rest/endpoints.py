"""The methods of a viewset that serve its actions; DRF's router gives each its route."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from rest_framework.decorators import action as extra_action
from rest_framework.request import Request
from rest_framework.response import Response

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import describe_fully
from dj_actions.execution.error_reports import hiding_variables
from dj_actions.execution.run import sensitive_fields
from dj_actions.rest.catalogue import SAFE_METHODS
from dj_actions.rest.swagger import document_action

if TYPE_CHECKING:
    from dj_actions.rest.viewset import ActionMixin


def actions_served_by(viewset: type[Any]) -> list[ActionDefinition]:
    """Return the actions that a viewset has endpoints for, including inherited ones."""
    attributes = [attribute for base in viewset.__mro__ for attribute in vars(base).values()]
    return [
        entry.definition
        for entry in attributes
        if isinstance(entry, FunctionType) and hasattr(entry, "definition")
    ]


def make_endpoint(definition: ActionDefinition, name: str) -> Callable[..., Any]:
    """Create the viewset method that DRF's router turns into a route."""

    def endpoint(self: ActionMixin, request: Request, **kwargs: Any) -> Response:  # noqa: ARG001
        if request.method in SAFE_METHODS:  # GET, or HEAD, which DRF handles like GET
            # With an argument, as without one it is the serializer of the input.
            make_serializer = functools.partial(self.get_serializer, None)
            return Response(describe_fully(definition, request.path, make_serializer))
        run = hiding_variables(self.run_action, sensitive_fields(definition))
        return run(definition)

    endpoint.__name__ = name
    endpoint.__doc__ = f"{definition.title}\n\n{definition.description}".strip()
    endpoint.definition = definition  # type: ignore[attr-defined]  # read back by `definition`
    document_action(endpoint, definition)
    return extra_action(
        detail=not definition.bulk,
        methods=["get", "post"],
        url_path=f"actions/{definition.name}",
        url_name=f"action-{definition.name}",
        name=definition.title,
    )(endpoint)
