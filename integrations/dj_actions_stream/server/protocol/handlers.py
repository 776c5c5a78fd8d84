"""JSON error handlers for a site that is only a feeds server.

Import them in the site's root URLconf as handler400, handler403, handler404 and handler500.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, JsonResponse

from dj_actions_stream.server.protocol import cors
from dj_actions_stream.server.protocol.endpoints import ApiResponse
from dj_actions_stream.server.protocol.errors import (
    FeedsError,
    InputError,
    InternalError,
    NotAllowedError,
    NotFoundError,
)


def _handler(error: FeedsError) -> Callable[..., JsonResponse]:
    def handle(request: HttpRequest, *_: object, **__: object) -> JsonResponse:
        response = ApiResponse.from_error(error).to_http(started=time.perf_counter())
        cors.allow_origin(request, response)
        return response

    return handle


bad_request = _handler(InputError("The request is malformed or addressed to another host."))
permission_denied = _handler(NotAllowedError("The request is not allowed."))
page_not_found = _handler(NotFoundError("This URL does not exist."))
server_error = _handler(InternalError("Internal error in the feeds server."))
