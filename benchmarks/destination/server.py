"""The destination: an HTTP server in a process of its own, which records what it receives.

`POST /5` is answered after 5 ms. `GET /received` returns what was received since the last one.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from functools import partial

from benchmarks.child import send

CONTENT_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
RECEIVED = "/received"

Received = list[tuple[float, bytes]]
"""Time of the machine's monotonic clock, and body, of each message."""


class Connection(asyncio.Protocol):
    """A keep-alive connection; its client waits for each response before the next request.

    It parses as little of HTTP as it can: its cost must not limit what is measured.

    Args:
        received: where messages are recorded, shared by all connections.
    """

    def __init__(self, received: Received) -> None:
        self._received = received
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the responses."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP server
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Handle the request once it is complete."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(head)
        if separator and len(body) >= (int(length[1]) if length else 0):
            self._buffer = b""
            self._handle(head, body)

    def _handle(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        if path == RECEIVED:
            self._respond(dump(self._received))
            self._received.clear()
            return
        self._received.append((time.monotonic(), body))
        milliseconds = float(path.lstrip("/"))
        if milliseconds:
            loop = asyncio.get_running_loop()
            loop.call_later(milliseconds / 1000, partial(self._respond, b"{}"))
        else:
            self._respond(b"{}")

    def _respond(self, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )


def dump(received: Received) -> bytes:
    """Return the id and the time of each message as JSON."""
    return json.dumps([(json.loads(body)["id"], moment) for moment, body in received]).encode()


async def serve() -> None:
    """Serve on a free port of 127.0.0.1, until the input is closed."""
    received: Received = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(received), "127.0.0.1", 0)
    send(port=server.sockets[0].getsockname()[1])
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
