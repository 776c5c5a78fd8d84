"""Check an action's own permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Model
from rest_framework.exceptions import APIException, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.synthetic_request import synthetic_request, synthetic_view
from dj_actions.models import MachineToken


def first_denying_permission(
    definition: ActionDefinition, request: Request, view: APIView, target: Model | None = None
) -> BasePermission | None:
    """Return the first of the action's permissions that denies the request, or None.

    Args:
        definition: the action.
        request: carries the user.
        view: gives permissions the model and the action's name.
        target: the object to act on; without it, whether the action may be run at all.
    """
    for permission_class in definition.permissions:
        permission = permission_class()
        if target is None:
            allowed = permission.has_permission(request, view)
        else:
            allowed = permission.has_object_permission(request, view, target)
        if not allowed:
            return permission
    return None


def require_scope(auth: object, definition: ActionDefinition) -> None:
    """Refuse a machine whose token does not name the action.

    Args:
        auth: what the authentication class has set as `request.auth`.
        definition: the action.

    Raises:
        PermissionDenied: it is a machine token for other actions.
    """
    if isinstance(auth, MachineToken) and not auth.allows(definition.resource, definition.name):
        raise PermissionDenied(
            f"The machine token {auth.name!r} may not call {definition.label}, only "
            f"{', '.join(auth.actions)}.",
            code="insufficient_scope",
        )


def require_active(user: Any) -> None:
    """Refuse a user who has been deactivated, as a login would.

    Raises:
        PermissionDenied: the user is not active.
    """
    if user.is_authenticated and not getattr(user, "is_active", True):
        raise PermissionDenied(f"The user {str(user)!r} is inactive.", code="user_inactive")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePermissions:
    """What a user may do from code: one request and one view for all objects of a call."""

    definition: ActionDefinition
    request: Request
    view: Any

    @classmethod
    def of(cls, definition: ActionDefinition, user: Any) -> Self:
        """Return the permissions for a call of an action by a user."""
        request = synthetic_request(user)
        return cls(definition=definition, request=request, view=synthetic_view(definition, request))

    def error_for(self, target: Model | None = None) -> APIException | None:
        """Return why the user may not run the action, or None.

        Args:
            target: the object to act on; without it, whether the action may be run at all.
        """
        permission = first_denying_permission(self.definition, self.request, self.view, target)
        if permission is None:
            return None
        error = PermissionDenied if self.request.user.is_authenticated else NotAuthenticated
        return error(getattr(permission, "message", None), getattr(permission, "code", None))
