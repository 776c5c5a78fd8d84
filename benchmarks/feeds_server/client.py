"""Send requests to a feeds server on one connection, and take the time of each."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import jwt

from benchmarks.errors import BenchmarkError

TIMEOUT = 120.0
EVERYTHING = {"resource": "*", "action": "*", "feed_id": "*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A response, and the seconds that a client waited for it."""

    document: dict[str, Any]
    seconds: float


class FeedsConnection:
    """A connection to a feeds server that is kept alive.

    Args:
        environment: what `open_feeds_server` yields.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = urlsplit(environment["STREAM_BASE_URL"])
        self._connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=TIMEOUT)
        self._key = environment["STREAM_API_KEY"]
        self._headers = {
            "Authorization": jwt.encode(EVERYTHING, environment["STREAM_API_SECRET"]),
            "stream-auth-type": "jwt",
            "Content-Type": "application/json",
        }

    def get(self, path: str, **query: str) -> Timed:
        """Read something."""
        return self._send("GET", path, query, None)

    def post(self, path: str, document: Mapping[str, Any]) -> Timed:
        """Change something."""
        return self._send("POST", path, {}, json.dumps(document))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _send(self, method: str, path: str, query: Mapping[str, str], body: str | None) -> Timed:
        """Send a request and read the whole response.

        Raises:
            BenchmarkError: it is an error.
        """
        url = f"/api/v1.0/{path}?{urlencode({'api_key': self._key, **query})}"
        started = time.perf_counter()
        self._connection.request(method, url, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        if response.status >= http.client.BAD_REQUEST:
            raise BenchmarkError(f"{method} {path}: {response.status} {content[:500]!r}")
        return Timed(document=json.loads(content), seconds=seconds)
