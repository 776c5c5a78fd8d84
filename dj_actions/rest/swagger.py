"""Describe to drf-yasg what a method returns; it would assume the serializer of the request.

drf-yasg reads an attribute of the method, so this needs no import of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dj_actions.declaration.definition import ActionDefinition

ATTRIBUTE = "_swagger_auto_schema"
"""Where drf-yasg's decorator `swagger_auto_schema` stores its arguments."""


def document_responses(method: Any, **responses: Any) -> None:
    """Set the successful response of a viewset's method.

    Args:
        method: the method.
        responses: HTTP method → a serializer class, or a description of another response.
    """
    overrides = {name: {"responses": {"200": entry}} for name, entry in responses.items()}
    setattr(method, ATTRIBUTE, overrides)


def document_action(endpoint: Callable[..., Any], definition: ActionDefinition) -> None:
    """Set the responses of an action's endpoint."""
    is_one_object = bool(definition.output) and not definition.bulk
    result = definition.output if is_one_object else "The result of the action."
    document_responses(endpoint, get="The description of the action.", post=result)
