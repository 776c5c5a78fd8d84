"""A port in front of a destination, through which it is slow, or not there."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from example.launch.process import Stoppable, free_port

CHUNK = 65_536
"""Bytes that are forwarded at a time."""


class Gateway(Stoppable):
    """Forwards a port of the loopback interface to another one, while it is open.

    Args:
        to: the port of the destination.
        delay: seconds by which whatever it sends arrives late. Not what is sent to it: meanwhile it
            might close a connection that it considers idle.
    """

    def __init__(self, to: int, *, delay: float = 0.0) -> None:
        self.port = free_port()
        self._to = to
        self._delay = delay
        self._closing = threading.Event()
        self._sockets: list[socket.socket] = []

    def open(self) -> None:
        """Let the destination be reached."""
        self._closing = threading.Event()
        server = socket.create_server(("127.0.0.1", self.port))
        self._sockets = [server]
        threading.Thread(target=self._serve, args=[server, self._closing], daemon=True).start()

    def stop(self) -> None:
        """Refuse all connections, and end those that there are."""
        self._closing.set()
        for connection in self._sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _serve(self, server: socket.socket, closing: threading.Event) -> None:
        with suppress(OSError):
            while not closing.is_set():
                client, _ = server.accept()
                target = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += (client, target)
                for source, sink, delay in ((client, target, 0.0), (target, client, self._delay)):
                    arguments = (source, sink, delay, closing)
                    threading.Thread(target=_forward, args=arguments, daemon=True).start()


def _forward(
    source: socket.socket, sink: socket.socket, delay: float, closing: threading.Event
) -> None:
    with suppress(OSError):
        while (data := source.recv(CHUNK)) and not closing.wait(delay):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
