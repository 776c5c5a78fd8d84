"""Requests over HTTP, on one connection that is kept alive, timed as a client waits for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from benchmarks.errors import NoFigure
from benchmarks.request.exchange import Answer

TIMEOUT_SECONDS = 30.0


class NoAnswer(NoFigure):
    """The server did not answer, or not on a connection that stays."""


class OverHttp:
    """One connection to 127.0.0.1 for all requests, opened by the first; `close` it.

    `http.client` sets TCP_NODELAY on its sockets and sends head and body of a small request at
    once: nothing waits for an acknowledgement.

    Args:
        port: where the server listens.
    """

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and read its answer; all of that is timed.

        Raises:
            NoAnswer: there is none, or the server closes the connection after it.
        """
        headers = {**headers, "Content-Type": "application/json"}
        try:
            return self._send(path, headers, body)
        except (OSError, HTTPException) as error:
            raise NoAnswer(f"The server did not answer POST {path}: {error!r}") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        started = time.perf_counter_ns()
        self._connection.request("POST", path, body=body, headers=headers)
        response = self._connection.getresponse()
        content = response.read()
        ended = time.perf_counter_ns()
        if response.will_close:
            # The next request would pay for a new connection, and its contender with it.
            raise NoAnswer(f"The server closed the connection after POST {path}.")
        return Answer(status=response.status, body=content, microseconds=(ended - started) / 1000)
