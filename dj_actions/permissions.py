"""Ask an action's own permissions, from whichever door it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.definitions import ActionDefinition


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


def authorize(definition: ActionDefinition, actor: Any, objects: Sequence[Model]) -> None:
    """Ask outside a request, with one that carries nothing but the actor.

    Raises:
        rest_framework.exceptions.APIException: not authenticated, or not allowed.
    """
    http_request = HttpRequest()
    http_request.method = "POST"
    request = Request(http_request)
    request.user = actor
    view: Any = APIView()
    view.request = request
    view.action = definition.name
    # DjangoModelPermissions reads the model from here.
    view.queryset = definition.model._default_manager.all()
    for target in (None, *objects):
        if refusal := refusing(definition, request, view, target):
            error = PermissionDenied if actor.is_authenticated else NotAuthenticated
            raise error(getattr(refusal, "message", None), getattr(refusal, "code", None))
