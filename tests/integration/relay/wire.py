"""A stand-in for what lies between a relay and PostgreSQL: it can hang, or swallow notifications.

It speaks PostgreSQL's protocol as far as it must: each message of the server is a letter and a
length (https://www.postgresql.org/docs/current/protocol-message-formats.html).
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import pytest
from django.db import connection, connections

NOTIFICATION = b"A"
LENGTH_BYTES = 4
CHUNK_BYTES = 65536


class Wire:
    """Passes on what client and server say.

    Args:
        host: of the server.
        port: of the server.
        swallows: whether it drops notifications, as a pooler in transaction mode does.
    """

    def __init__(self, host: str, port: int, *, swallows: bool = False) -> None:
        self.port = 0
        """Where it is reached, on 127.0.0.1."""
        self._address = (host, port)
        self._swallows = swallows
        self._flows = threading.Event()
        self._flows.set()

    def hang(self) -> None:
        """Pass nothing on, and say nothing, until it is healed."""
        self._flows.clear()

    def heal(self) -> None:
        """Pass on what is said, and what was said meanwhile."""
        self._flows.set()

    def connect(self, client: socket.socket) -> None:
        """Pass on what is said on one connection, until one side ends it."""
        with socket.create_connection(self._address) as server:
            requests = threading.Thread(target=self._pass_on, args=(client, server), daemon=True)
            requests.start()
            if self._swallows:
                self._pass_on_messages(server, client)
            else:
                self._pass_on(server, client)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            requests.join()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                self._flows.wait()
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)

    def _pass_on_messages(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as answers:
            while letter := answers.read(1):
                length = answers.read(LENGTH_BYTES)
                body = answers.read(int.from_bytes(length) - LENGTH_BYTES)
                if letter != NOTIFICATION:
                    client.sendall(letter + length + body)


@contextmanager
def wire_to_database(*, swallows: bool = False) -> Iterator[Wire]:
    """Yield a wire to the database of these tests; whatever hangs flows in the end."""
    direct = cast("Any", connection).settings_dict
    wire = Wire(direct["HOST"], int(direct["PORT"]), swallows=swallows)
    with _served(wire) as wire.port:
        try:
            yield wire
        finally:
            wire.heal()


@contextmanager
def through(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let all threads but this one reach the database through a wire, if they connect now."""
    direct = cast("Any", connection).settings_dict
    options = {**direct["OPTIONS"], "sslmode": "disable", "gssencmode": "disable"}
    wired = {**direct, "HOST": "127.0.0.1", "PORT": wire.port, "OPTIONS": options}
    with monkeypatch.context() as patch:
        patch.setitem(cast("Any", connections).settings, "default", wired)
        yield


@contextmanager
def _served(wire: Wire) -> Iterator[int]:
    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire.connect(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
