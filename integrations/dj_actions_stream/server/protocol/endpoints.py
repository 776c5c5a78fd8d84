"""The base class of all endpoints, which always respond with JSON and a duration.

stream-python treats a 4xx without `exception` as success, cannot parse an HTML page, and its test
suite expects `duration` in every response. So this server sends nothing else, even for errors.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from dj_actions_stream.server.protocol import cors, rate_limits
from dj_actions_stream.server.protocol.errors import (
    FeedsError,
    InputError,
    InternalError,
    MethodError,
    RateLimitError,
    TooLargeError,
)
from dj_actions_stream.server.protocol.payloads import read_list, read_object

logger = logging.getLogger(__name__)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiResponse:
    """A response before it is sent."""

    document: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_error(cls, error: FeedsError) -> ApiResponse:
        """Return the response for an error."""
        return cls(document=error.document(), status=error.status)

    def to_http(self, *, started: float) -> JsonResponse:
        """Return the HTTP response, with the duration since `started`."""
        milliseconds = (time.perf_counter() - started) * 1000
        document = {**self.document, "duration": f"{milliseconds:.2f}ms"}
        return JsonResponse(document, status=self.status, headers=self.headers)


@method_decorator(csrf_exempt, name="dispatch")
class Endpoint(View):
    """A view of the API; subclasses implement HTTP methods that return an ApiResponse."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Respond with JSON, even if a method raises an exception."""
        started = time.perf_counter()
        response = self._limited(request, *args, **kwargs).to_http(started=started)
        # On errors, too: without them a page cannot read which error it is.
        cors.allow_origin(request, response)
        return response

    def _limited(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiResponse:
        if cors.is_preflight(request):
            return ApiResponse(document={}, headers=dict(cors.preflight_headers()))
        quota = rate_limits.count(request)
        if quota.is_exceeded:
            error = RateLimitError(rate_limits.exceeded_message(quota))
            response = ApiResponse.from_error(error)
        else:
            response = self._handle(request, *args, **kwargs)
        return replace(response, headers={**response.headers, **quota.headers()})

    def _handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiResponse:
        method = (request.method or "").lower()
        if method not in self._allowed():
            return self._method_not_allowed(request)
        try:
            response: ApiResponse = getattr(self, method)(request, *args, **kwargs)
        except FeedsError as error:
            return ApiResponse.from_error(error)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return ApiResponse.from_error(InternalError("Internal error in the feeds server."))
        return response

    def _method_not_allowed(self, request: HttpRequest) -> ApiResponse:
        error = MethodError(f"{request.method} is not allowed here.")
        allow = ", ".join(method.upper() for method in self._allowed())
        return ApiResponse(document=error.document(), status=error.status, headers={"Allow": allow})

    def _allowed(self) -> list[str]:
        return [method.lower() for method in METHODS if hasattr(self, method.lower())]


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the request body, or raise InputError or TooLargeError."""
    return read_object(_body(request))


def read_items(request: HttpRequest) -> list[Any]:
    """Return the JSON list in the request body, or raise InputError or TooLargeError."""
    return read_list(_body(request))


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig as error:
        raise TooLargeError("The request is too large.") from error
    except UnreadablePostError as error:
        raise InputError("The request body is incomplete.") from error
