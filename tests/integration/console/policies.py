"""Middleware with the Content Security Policies under which the console has to work."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def own_files_only(get_response: GetResponse) -> GetResponse:
    """Allow nothing but files of the project."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = "default-src 'self'"
        return response

    return middleware


def nonces(get_response: GetResponse) -> GetResponse:
    """Allow scripts and styles with the nonce of the request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_: Any = request
        request_.csp_nonce = secrets.token_urlsafe(16)
        response = get_response(request)
        response["Content-Security-Policy"] = (
            f"default-src 'self'; object-src 'none'; base-uri 'none'; "
            f"style-src 'nonce-{request_.csp_nonce}'; "
            f"script-src 'nonce-{request_.csp_nonce}' 'strict-dynamic'"
        )
        return response

    return middleware
