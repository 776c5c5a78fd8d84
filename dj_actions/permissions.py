"""Ask an action's own permissions, from whichever door it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.definitions import ActionDefinition


def require_permission(definition: ActionDefinition, request: Request, view: APIView) -> None:
    """Ask whether this user may run the action at all.

    Raises:
        rest_framework.exceptions.APIException: not authenticated, or not allowed.
    """
    for permission in (entry() for entry in definition.permissions):
        if not permission.has_permission(request, view):
            _refuse(permission, request, view)


def require_object_permission(
    definition: ActionDefinition, request: Request, view: APIView, target: Model
) -> None:
    """Ask whether this user may run the action on this object.

    Raises:
        rest_framework.exceptions.APIException: not authenticated, or not allowed.
    """
    for permission in (entry() for entry in definition.permissions):
        if not permission.has_object_permission(request, view, target):
            _refuse(permission, request, view)


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
    require_permission(definition, request, view)
    for target in objects:
        require_object_permission(definition, request, view, target)


def _refuse(permission: Any, request: Request, view: APIView) -> None:
    view.permission_denied(
        request,
        message=getattr(permission, "message", None),
        code=getattr(permission, "code", None),
    )
