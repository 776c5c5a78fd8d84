"""Authenticate machines, such as Airflow DAGs, that call actions with a token of their own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from dj_actions.machine_tokens.secret import MARK, digest_of, is_well_formed

if TYPE_CHECKING:
    from rest_framework.request import Request

    from dj_actions.models import MachineToken

__all__ = ["MachineTokenAuthentication"]

logger = logging.getLogger(__name__)

NOT_FOR_MACHINES = "A machine token may call actions, but not this part of the API."

ACCEPTS_TOKENS = "accepts_machine_tokens"
"""Attribute of a view that a machine token opens; views of actions have it."""


class MachineTokenAuthentication(BaseAuthentication):
    """Authenticates requests with `Authorization: Bearer dja_…`, see `manage.py machine_token`.

    The token's owner becomes the user of the request, and the token its `auth`. A view of actions
    serves it the actions that it names, and nothing else. Every other view refuses it, unless it
    has the attribute `accepts_machine_tokens = True`: there, the machine can do what its owner can.

    Other bearer tokens are left to the authentication classes that follow.
    """

    @sensitive_variables("secret")
    def authenticate(self, request: Request) -> tuple[Any, MachineToken] | None:
        """Return the owner and the token; None if the request has no machine token.

        Raises:
            AuthenticationFailed: the token is unknown, revoked or expired, or its owner inactive.
            PermissionDenied: the view is not for machines.
        """
        secret = _secret_in(request)
        if secret is None:
            return None
        view = (request.parser_context or {}).get("view")
        if getattr(view, ACCEPTS_TOKENS, False) is not True:
            raise PermissionDenied(NOT_FOR_MACHINES, code="insufficient_scope")
        token = _active_token(secret)
        if not token.is_recently_used:
            _mark_used(token)
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Return the value of WWW-Authenticate."""
        return 'Bearer realm="api"'


@sensitive_variables("rest", "text")
def _secret_in(request: Request) -> str | None:
    """Return what the request has as a machine token, perhaps malformed; None without one."""
    scheme, _, rest = get_authorization_header(request).partition(b" ")
    text = rest.strip().decode("latin-1")
    return text if scheme.lower() == b"bearer" and text.startswith(MARK) else None


@sensitive_variables("secret")
def _active_token(secret: str) -> MachineToken:
    # DRF imports this module for its settings, perhaps before models can be.
    from dj_actions.models import MachineToken  # noqa: PLC0415

    token = MachineToken.objects.of_digest(digest_of(secret)) if is_well_formed(secret) else None
    if token is None:
        raise AuthenticationFailed("The machine token is invalid.", code="invalid_token")
    # From here on the client has shown that it knows the secret.
    if token.revoked_at is not None:
        raise AuthenticationFailed("The machine token was revoked.", code="token_revoked")
    if token.is_expired:
        raise AuthenticationFailed("The machine token has expired.", code="token_expired")
    if not getattr(token.owner, "is_active", True):
        raise AuthenticationFailed("The owner of the machine token is inactive.", "user_inactive")
    return token


def _mark_used(token: MachineToken) -> None:
    """Write that the token is used; a request does not fail because of that."""
    try:
        type(token).objects.mark_used(token.pk)
    except DatabaseError as error:
        logger.warning("The use of the machine token %s could not be written: %s", token, error)
