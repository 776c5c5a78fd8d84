"""Ask an action's own permissions, from whichever door it is called."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from rest_framework.exceptions import APIException, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.synthetic_request import request_of, view_of


def refusing(
    definition: ActionDefinition, request: Request, view: APIView, target: Model | None = None
) -> BasePermission | None:
    """Return the first of the action's permissions that refuses the request, or None.

    Args:
        definition: the action.
        request: carries the user.
        view: what permissions look at for the model and the action's name.
        target: the object to act on; without one, whether the action may be run at all.
    """
    for permission in (entry() for entry in definition.permissions):
        if target is None:
            allowed = permission.has_permission(request, view)
        else:
            allowed = permission.has_object_permission(request, view, target)
        if not allowed:
            return permission
    return None


def authorize(definition: ActionDefinition, actor: Any) -> None:
    """Ask whether someone may run the action at all, outside a request.

    Raises:
        rest_framework.exceptions.APIException: not authenticated, or not allowed.
    """
    if refusal := _refusal(definition, actor, None):
        raise refusal


def authorize_object(
    definition: ActionDefinition, actor: Any, target: Model
) -> APIException | None:
    """Return why someone may not run the action on an object, outside a request; else None."""
    return _refusal(definition, actor, target)


def _refusal(definition: ActionDefinition, actor: Any, target: Model | None) -> APIException | None:
    request = request_of(actor)
    permission = refusing(definition, request, view_of(definition, request), target)
    if permission is None:
        return None
    error = PermissionDenied if actor.is_authenticated else NotAuthenticated
    return error(getattr(permission, "message", None), getattr(permission, "code", None))
