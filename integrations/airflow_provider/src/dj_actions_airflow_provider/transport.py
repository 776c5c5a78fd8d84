"""Send requests with httpx, which Airflow brings along; bounded in time and in size."""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from dj_actions_airflow_provider import __version__
from dj_actions_airflow_provider.api_answers import Answer
from dj_actions_airflow_provider.api_requests import ApiRequest
from dj_actions_airflow_provider.errors import InvalidConnection, RequestFailed
from dj_actions_airflow_provider.settings import Settings

MAX_BYTES = 16 * 1024 * 1024
"""The largest answer that is read: an action may return much, but not without an end."""

USER_AGENT = f"airflow-provider-dj-actions/{__version__}"


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the options of both kinds of clients.

    Redirects are not followed: a POST would become a GET, which runs no action.

    Raises:
        InvalidConnection: the file of the CA certificates cannot be loaded.
    """
    # An answer is read as it arrives: decompressed, a small one could fill the memory.
    headers = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    return {
        "timeout": settings.timeout,
        "follow_redirects": False,
        "headers": headers,
        # Servers close idle connections within seconds, perhaps just when they are used again.
        "limits": httpx.Limits(max_keepalive_connections=0),
        "verify": _trusted(settings),
    }


def send(client: httpx.Client, request: ApiRequest, *, seconds: float) -> Answer:
    """Send a request and return the answer, whatever its status.

    Raises:
        RequestFailed: there was no answer, or none within the limits of time and size.
    """
    deadline = time.monotonic() + seconds
    with _translated(request), client.stream(**_arguments(request)) as response:
        body = bytearray()
        for part in response.iter_raw():
            body += part
            _check_limits(request, body, deadline, seconds)
        return _answer(request, response, bytes(body))


async def send_async(client: httpx.AsyncClient, request: ApiRequest, *, seconds: float) -> Answer:
    """Send a request without blocking the event loop; otherwise the same as `send`."""
    deadline = time.monotonic() + seconds
    with _translated(request):
        async with asyncio.timeout(seconds), client.stream(**_arguments(request)) as response:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                _check_limits(request, body, deadline, seconds)
            return _answer(request, response, bytes(body))


@functools.cache
def _usual_certificates() -> ssl.SSLContext:
    """Return what httpx itself trusts; loading it takes longer than a request."""
    return httpx.create_ssl_context()


def _trusted(settings: Settings) -> ssl.SSLContext:
    if not settings.ca_cert:
        return _usual_certificates()
    try:
        return ssl.create_default_context(cafile=settings.ca_cert)
    except OSError as error:  # ssl.SSLError is one, too
        raise InvalidConnection(
            f"The ca_cert {settings.ca_cert!r} of the connection cannot be loaded: {error}"
        ) from error


def _arguments(request: ApiRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "content": request.body or None,
    }


def _check_limits(request: ApiRequest, body: bytearray, deadline: float, seconds: float) -> None:
    if len(body) > MAX_BYTES:
        raise RequestFailed(f"{_name(request)} was answered with more than {MAX_BYTES} bytes.")
    if time.monotonic() > deadline:
        raise RequestFailed(f"{_name(request)} was not answered within {seconds:g} seconds.")


@contextmanager
def _translated(request: ApiRequest) -> Iterator[None]:
    """Raise RequestFailed for each of httpx's own errors."""
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        raise RequestFailed(f"{_name(request)} was not answered in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        reason = str(error) or type(error).__name__
        raise RequestFailed(f"{_name(request)} failed: {reason}") from error


def _answer(request: ApiRequest, response: httpx.Response, body: bytes) -> Answer:
    return Answer(
        request=_name(request),
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
    )


def _name(request: ApiRequest) -> str:
    """Return method and URL, without the query."""
    return f"{request.method} {request.url.partition('?')[0]}"
