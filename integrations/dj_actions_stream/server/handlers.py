"""Error handlers for a site that is a feeds server and nothing else: JSON there, too.

Name them in the site's root URLconf as handler400, handler403, handler404 and handler500.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import JsonResponse

from dj_actions_stream.server.endpoints import Answer
from dj_actions_stream.server.errors import (
    FeedsError,
    InputError,
    InternalError,
    NotAllowedError,
    NotFoundError,
)


def _handler(error: FeedsError) -> Callable[..., JsonResponse]:
    def answer(*_: object, **__: object) -> JsonResponse:
        return Answer.of_error(error).response(started=time.perf_counter())

    return answer


bad_request = _handler(InputError("The request is malformed, or for another host."))
permission_denied = _handler(NotAllowedError("The request is not allowed."))
page_not_found = _handler(NotFoundError("There is nothing at this address."))
server_error = _handler(InternalError("Something broke in the feeds server."))
