"""Bound the responses of a destination: their size, and the time until they are complete.

For publishers whose HTTP client is urllib3, or is built on it; the only module here that needs it.
"""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import urllib3

from dj_actions.exceptions import PublisherUnavailable

__all__ = ["MAX_RESPONSE_BYTES", "ResponseTooLarge", "bound_pools", "bounded_chunks", "read_body"]

MAX_RESPONSE_BYTES = 1_048_576
"""Bytes of a decompressed response. Destinations return a few thousand; a relay that reads
anything else can be made to use up the memory of its machine."""

MAX_TRANSFER_FACTOR = 8
"""How many times larger a response may be in transit: headers, and the framing of tiny chunks."""

CHUNK_SIZE = 65_536
"""Bytes that are decompressed at a time."""

Pools = TypeVar("Pools", bound=urllib3.PoolManager)


class ResponseTooLarge(PublisherUnavailable):
    """A destination sent more than a response of its protocol can have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the response has more than {limit} bytes")


def bound_pools(pools: Pools, *, max_bytes: int = MAX_RESPONSE_BYTES) -> Pools:
    """Let each response end within the read timeout of its request; return the pools.

    A timeout of urllib3 starts again with each byte, so a server that sends one byte a second
    would never be given up. Call this before the first request.

    Args:
        pools: a pool manager or a proxy manager.
        max_bytes: the limit that is passed to `read_body`. What is sent in addition to the body,
            for example a line that never ends, is limited to a multiple of it.
    """
    pools.pool_classes_by_scheme = {
        scheme: _bounded_pool(pool_class, max_bytes * MAX_TRANSFER_FACTOR)
        for scheme, pool_class in pools.pool_classes_by_scheme.items()
    }
    return pools


def read_body(response: urllib3.BaseHTTPResponse, *, max_bytes: int = MAX_RESPONSE_BYTES) -> bytes:
    """Return the decompressed body of a response.

    Args:
        response: one that was requested with `preload_content=False`.
        max_bytes: the most that is read.

    Raises:
        ResponseTooLarge: there is more; the connection is closed.
        urllib3.exceptions.HTTPError: the body is incomplete, late, or cannot be decompressed.
    """
    try:
        return b"".join(bounded_chunks(response.stream(CHUNK_SIZE), max_bytes=max_bytes))
    except BaseException:
        response.close()
        raise


def bounded_chunks(
    chunks: Iterable[bytes], *, max_bytes: int = MAX_RESPONSE_BYTES
) -> Iterator[bytes]:
    """Yield the chunks of a body.

    Raises:
        ResponseTooLarge: together, they have more bytes than allowed.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise ResponseTooLarge(max_bytes)
        yield chunk


def _bounded_pool(pool_class: Any, max_bytes: int) -> Any:
    """Return a class of connection pools whose responses are bounded."""
    connection = pool_class.ConnectionCls
    response = type("Response", (_BoundedResponse,), {"max_bytes": max_bytes})
    bounded = type(connection.__name__, (connection,), {"response_class": response})
    return type(pool_class.__name__, (pool_class,), {"ConnectionCls": bounded})


class _BoundedResponse(http.client.HTTPResponse):
    """A response that is read from a `_BoundedReader`, from its status line on."""

    max_bytes: int

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(sock, raw, self.max_bytes))


class _BoundedReader(io.RawIOBase):
    """Reads a socket until its timeout has passed in all, not since the last byte.

    Args:
        sock: the socket; its timeout is the time for everything that is read.
        raw: its stream of bytes.
        max_bytes: the most that is read.
    """

    def __init__(self, sock: Any, raw: io.RawIOBase, max_bytes: int) -> None:
        self._sock = sock
        self._raw = raw
        self._max_bytes = self._left = max_bytes
        self._timeout: float | None = sock.gettimeout()
        self._deadline = None if self._timeout is None else time.monotonic() + self._timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(remaining)
        size: int | None = self._raw.readinto(buffer)
        self._left -= size or 0
        if self._left < 0:
            raise ResponseTooLarge(self._max_bytes)
        return size

    def close(self) -> None:
        if not self.closed:
            # The connection is used again: for the next request, with its whole timeout.
            with suppress(OSError):
                self._sock.settimeout(self._timeout)
            self._raw.close()
        super().close()
