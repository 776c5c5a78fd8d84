"""A stand-in for a pooler in transaction mode: it passes on all but notifications.

It speaks PostgreSQL's protocol as far as it must: each message of the server is a letter and a
length (https://www.postgresql.org/docs/current/protocol-message-formats.html).
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NOTIFICATION = b"A"
LENGTH_BYTES = 4


@contextmanager
def swallowing_pooler(host: str, port: int) -> Iterator[int]:
    """Stand before a PostgreSQL and yield the port on 127.0.0.1; ends with the block.

    Args:
        host: of the server.
        port: of the server.
    """

    class Session(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as server:
                requests = threading.Thread(
                    target=_pass_on, args=(self.request, server), daemon=True
                )
                requests.start()
                with suppress(OSError):
                    _answer(server, self.request)
                for end in (self.request, server):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                requests.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Session) as pooler:
        thread = threading.Thread(target=pooler.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield pooler.server_address[1]
        finally:
            pooler.shutdown()
            thread.join()


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while chunk := client.recv(65536):
            server.sendall(chunk)
        server.shutdown(socket.SHUT_WR)


def _answer(server: socket.socket, client: socket.socket) -> None:
    with server.makefile("rb") as answers:
        while letter := answers.read(1):
            length = answers.read(LENGTH_BYTES)
            body = answers.read(int.from_bytes(length) - LENGTH_BYTES)
            if letter != NOTIFICATION:
                client.sendall(letter + length + body)
