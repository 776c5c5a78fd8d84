"""A request and a view for calls that come from code, where there is neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.declaration.definition import ActionDefinition


def request_of(actor: Any, data: Mapping[str, Any] | None = None) -> Request:
    """Return a POST request that carries nothing but its user and its data.

    Args:
        actor: the user; None for the system itself, which has no user.
        data: what `request.data` holds.
    """
    http_request = HttpRequest()
    http_request.method = "POST"
    # For build_absolute_uri, whose host must be an allowed one.
    http_request.META |= {"SERVER_NAME": _host(), "SERVER_PORT": "80"}
    request = Request(http_request)
    request.user = AnonymousUser() if actor is None else actor
    request._full_data = {} if data is None else data  # type: ignore[attr-defined]  # where DRF keeps what it has parsed
    return request


def _host() -> str:
    named = (host.lstrip(".") for host in settings.ALLOWED_HOSTS)
    return next((host for host in named if host and host != "*"), "localhost")


def view_of(definition: ActionDefinition, request: Request) -> Any:
    """Return a view that tells permissions the model and the action's name."""
    view: Any = APIView()
    view.request = request
    view.action = definition.name
    # DjangoModelPermissions reads the model from here.
    view.queryset = definition.model._default_manager.all()
    return view
