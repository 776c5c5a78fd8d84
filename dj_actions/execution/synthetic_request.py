"""A request and a view for calls from code, which have neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.declaration.definition import ActionDefinition


def synthetic_request(user: Any, data: Mapping[str, Any] | None = None) -> Request:
    """Return a POST request that carries only its user and its data.

    Args:
        user: the user; None for the system itself, which has no user.
        data: the value of `request.data`.
    """
    http_request = HttpRequest()
    http_request.method = "POST"
    # build_absolute_uri() requires an allowed host.
    http_request.META |= {"SERVER_NAME": _host(), "SERVER_PORT": "80"}
    request = Request(http_request)
    request.user = AnonymousUser() if user is None else user
    request._full_data = {} if data is None else data  # type: ignore[attr-defined]  # where DRF keeps what it has parsed
    return request


def synthetic_view(definition: ActionDefinition, request: Request) -> Any:
    """Return a view that gives permissions the model and the action's name."""
    view: Any = APIView()
    view.request = request
    view.action = definition.name
    # DjangoModelPermissions reads the model from `queryset`.
    view.queryset = definition.model._default_manager.all()
    return view


def _host() -> str:
    allowed = (host.lstrip(".") for host in settings.ALLOWED_HOSTS)
    return next((host for host in allowed if host and host != "*"), "localhost")
