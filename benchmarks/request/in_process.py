"""Requests to Django's handler, called in this process as a WSGI server does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from benchmarks.request.client import TimedResponse


class InProcessTransport:
    """A transport that calls the handler, without a server or socket."""

    def __init__(self) -> None:
        self._handler = get_wsgi_application()
        self._factory = RequestFactory()

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> TimedResponse:
        """Call the handler and read the response; only that is timed."""
        request = self._factory.post(
            path, data=body, content_type="application/json", headers=dict(headers)
        )
        return self._call(request.environ)

    def _call(self, environ: dict[str, Any]) -> TimedResponse:
        status = ""

        def start_response(line: str, _headers: Any, _error: Any = None) -> Any:
            nonlocal status
            status = line

        started = time.perf_counter_ns()
        response = self._handler(environ, start_response)
        body = b"".join(response)
        response.close()
        ended = time.perf_counter_ns()
        code = int(status.split(maxsplit=1)[0])
        return TimedResponse(status=code, body=body, microseconds=(ended - started) / 1000)
