"""The part of a viewset that limits a machine to the actions that its token names."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from dj_actions.authentication import NOT_FOR_MACHINES
from dj_actions.execution.permissions import require_scope
from dj_actions.rest.catalogue import CatalogueMixin
from dj_actions.rest.request import machine_token_of

CATALOGUE = frozenset(
    {
        CatalogueMixin.list_actions.__name__,
        CatalogueMixin.list_actions_as_before.__name__,
        CatalogueMixin.show_action_schema.__name__,
        CatalogueMixin.unknown_instance_action.__name__,
        CatalogueMixin.unknown_bulk_action.__name__,
    }
)
"""Methods that say something only of actions that the client may know of."""


class TokenScopeMixin(CatalogueMixin):
    """Refuses a machine token for everything that is not one of its actions."""

    accepts_machine_tokens: ClassVar[bool] = True
    """Whether `MachineTokenAuthentication` authenticates requests to this view."""

    methods_within_scope: ClassVar[Collection[str]] = ()
    """Names of further methods that return only what the machine token names."""

    def check_permissions(self, request: Request) -> None:
        """Refuse a machine token that does not name the action, then check the permissions."""
        if machine_token_of(request) is not None:
            self._require_scope(request)
        super().check_permissions(request)

    def is_within_scope(self) -> bool:
        """Return whether the request is one that a machine token can be made for."""
        if self.definition is not None:
            return True
        return self.requested_method in CATALOGUE.union(self.methods_within_scope)

    def _require_scope(self, request: Request) -> None:
        if self.definition is not None:
            require_scope(request.auth, self.definition)
        elif not self.is_within_scope():
            raise PermissionDenied(NOT_FOR_MACHINES, code="insufficient_scope")
