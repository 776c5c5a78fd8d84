"""Send a message to the destination."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.request.over_http import HttpTransport, NoResponse

OK = 200


def post(
    transport: HttpTransport, path: str, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Send a message and wait for the response.

    Raises:
        NoResponse: there is none, or it is an error.
    """
    response = transport.post(path, headers or {}, body)
    if response.status != OK:
        raise NoResponse(f"POST {path} was answered with {response.status}: {response.body!r}")
