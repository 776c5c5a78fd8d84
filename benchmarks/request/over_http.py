"""Requests over HTTP on one keep-alive connection, timed by the client."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from benchmarks.errors import BenchmarkError
from benchmarks.request.client import TimedResponse

TIMEOUT_SECONDS = 30.0


class NoResponse(BenchmarkError):
    """The server did not respond, or closed the connection."""


class HttpTransport:
    """A transport with one connection to 127.0.0.1, opened by the first request.

    `http.client` sets TCP_NODELAY and sends the headers and body of a small request in one
    packet, so no request waits for an acknowledgment.

    Args:
        port: port of the server.
    """

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> TimedResponse:
        """Send a request and read the response; both are timed.

        Raises:
            NoResponse: the server did not respond, or closed the connection afterwards.
        """
        headers = {**headers, "Content-Type": "application/json"}
        try:
            return self._send(path, headers, body)
        except (OSError, HTTPException) as error:
            raise NoResponse(f"The server did not respond to POST {path}: {error!r}") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, path: str, headers: Mapping[str, str], body: bytes) -> TimedResponse:
        started = time.perf_counter_ns()
        self._connection.request("POST", path, body=body, headers=headers)
        response = self._connection.getresponse()
        content = response.read()
        microseconds = (time.perf_counter_ns() - started) / 1000
        if response.will_close:
            # The next candidate's request would pay for a new connection.
            raise NoResponse(f"The server closed the connection after POST {path}.")
        return TimedResponse(status=response.status, body=content, microseconds=microseconds)
