"""A proxy between a relay and PostgreSQL that can hang, or drop notifications.

It speaks PostgreSQL's protocol as far as necessary: each message of the server is a letter and a
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


class DatabaseProxy:
    """Forwards bytes between client and server.

    Args:
        host: of the server.
        port: of the server.
        drops_notifications: whether it drops them, as a pooler in transaction mode does.
    """

    def __init__(self, host: str, port: int, *, drops_notifications: bool = False) -> None:
        self.port = 0
        """Where it listens, on 127.0.0.1."""
        self._address = (host, port)
        self._drops_notifications = drops_notifications
        self._flows = threading.Event()
        self._flows.set()

    def hang(self) -> None:
        """Forward nothing, without closing a connection, until `recover` is called."""
        self._flows.clear()

    def recover(self) -> None:
        """Forward again, including what was sent meanwhile."""
        self._flows.set()

    def serve(self, client: socket.socket) -> None:
        """Forward the bytes of one connection until one side closes it."""
        with socket.create_connection(self._address) as server:
            requests = threading.Thread(target=self._forward, args=(client, server), daemon=True)
            requests.start()
            if self._drops_notifications:
                self._forward_without_notifications(server, client)
            else:
                self._forward(server, client)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            requests.join()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                self._flows.wait()
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)

    def _forward_without_notifications(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as answers:
            while letter := answers.read(1):
                length = answers.read(LENGTH_BYTES)
                body = answers.read(int.from_bytes(length) - LENGTH_BYTES)
                if letter != NOTIFICATION:
                    client.sendall(letter + length + body)


@contextmanager
def database_proxy(*, drops_notifications: bool = False) -> Iterator[DatabaseProxy]:
    """Yield a proxy to the database of these tests; a proxy that hangs recovers in the end."""
    direct = cast("Any", connection).settings_dict
    proxy = DatabaseProxy(
        direct["HOST"], int(direct["PORT"]), drops_notifications=drops_notifications
    )
    with _served(proxy) as proxy.port:
        try:
            yield proxy
        finally:
            proxy.recover()


@contextmanager
def connecting_through(proxy: DatabaseProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let all threads but this one connect to the database through a proxy from now on."""
    direct = cast("Any", connection).settings_dict
    options = {**direct["OPTIONS"], "sslmode": "disable", "gssencmode": "disable"}
    proxied = {**direct, "HOST": "127.0.0.1", "PORT": proxy.port, "OPTIONS": options}
    with monkeypatch.context() as patch:
        patch.setitem(cast("Any", connections).settings, "default", proxied)
        yield


@contextmanager
def _served(proxy: DatabaseProxy) -> Iterator[int]:
    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            proxy.serve(self.request)

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
