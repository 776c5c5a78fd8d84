"""A small HTTP server that does what its vendor would do, or what a test tells it to do instead."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from sys import exception
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class Fault(Enum):
    """Ways to fail without an answer."""

    HANG = auto()
    """Take the request and say nothing, until the test is over."""

    CUT = auto()
    """Close the connection after the request, without doing what it asks for."""

    LOSE = auto()
    """Do what the request asks for, and close the connection."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a client has asked for."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server says."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0
    """Bytes that are promised and never sent."""


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    """Return an answer with a value as JSON; `retry_after=…` becomes `Retry-After: …`."""
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    content_type = {"Content-Type": "application/json"}
    return Answer(status=status, body=json.dumps(value).encode(), headers=content_type | named)


def as_page(status: int, **headers: str) -> Answer:
    """Return an answer such as a proxy gives: a page for people."""
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    body = f"<html><h1>{status}</h1><p>A proxy says so.</p></html>".encode()
    return Answer(status=status, body=body, headers={"Content-Type": "text/html"} | named)


Vendor = Callable[[Request], Answer]


class FaultyServer(ThreadingHTTPServer):
    """Answers like its vendor, except where it has been told to fail."""

    # Closing waits for the threads, so that nothing is left over when a test ends.
    daemon_threads = False

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.vendor = vendor
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        self._faults: list[tuple[str, Answer | Fault]] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    def fail(self, *faults: Answer | Fault, at: str = "/") -> None:
        """Do these, one per request, instead of what the vendor would do.

        Args:
            at: only in answer to requests whose path holds this.
        """
        self._faults += [(at, fault) for fault in faults]

    def next_fault(self, request: Request) -> Answer | Fault | None:
        """Return what to do instead of answering, or None."""
        for index, (at, fault) in enumerate(self._faults):
            if at in request.path:
                del self._faults[index]
                return fault
        return None

    def count(self, method: str, path: str) -> int:
        """Return how many requests of that method had that in their path."""
        return sum(request.method == method and path in request.path for request in self.requests)

    def handle_error(self, *_: Any) -> None:
        """Stay silent about clients that have hung up."""
        if not isinstance(exception(), ConnectionError):
            raise  # noqa: PLE0704 - called while an error is handled


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer
    protocol_version = "HTTP/1.1"  # connections stay open, as the vendors' do
    wbufsize = -1  # an answer leaves in one piece: two would wait for each other's confirmation

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a test's own words are enough."""

    def _serve(self) -> None:
        request = self._read()
        self.server.requests.append(request)
        step = self.server.next_fault(request)
        if step is None or step is Fault.LOSE:
            answer = self.server.vendor(request)
        if step is Fault.HANG:
            self.server.closing.wait()
        if isinstance(step, Fault):
            self.close_connection = True
            return
        self._send(step or answer)

    def _read(self) -> Request:
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return Request(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query),
            headers=dict(self.headers),
            body=json.loads(raw) if raw else None,
        )

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + answer.missing))
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.missing:
            self.close_connection = True
