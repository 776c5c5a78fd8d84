"""Cross-origin requests: a web page of any origin may call the API with a token.

The API has no cookies, so that an origin gives a page no rights that its token does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from dj_actions_stream.server.conf import configuration
from dj_actions_stream.server.protocol.rate_limits import HEADERS as RATE_LIMIT_HEADERS

ANY = "*"
METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
# What Stream's clients send.
REQUEST_HEADERS = (
    "accept, authorization, content-type, origin, stream-auth-type, x-requested-with, "
    "x-stream-client"
)
MAX_AGE_SECONDS = 86400


def allowed_origins() -> Collection[str]:
    """Return the origins whose pages may call the API; `*` stands for any."""
    origins: Collection[str] = configuration().get("ALLOWED_ORIGINS", (ANY,))
    return origins


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a browser checks in advance what a page may send."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def allow_origin(request: HttpRequest, response: HttpResponse) -> None:
    """Add the headers that let a page read the response, if its origin is allowed."""
    origin, allowed = request.headers.get("origin", ""), allowed_origins()
    if ANY not in allowed:
        # A cache must not use the response for a page of another origin.
        patch_vary_headers(response, ["Origin"])
    if ANY in allowed or origin in allowed:
        response["Access-Control-Allow-Origin"] = ANY if ANY in allowed else origin
        response["Access-Control-Expose-Headers"] = ", ".join(RATE_LIMIT_HEADERS)


def preflight_headers() -> Mapping[str, str]:
    """Return the headers that say which requests a page may send."""
    return {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
    }
