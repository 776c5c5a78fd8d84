"""The server that `run_feeds_server` starts, for clients that send many requests at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from dj_actions_stream.server.management.commands.run_feeds_server import Server
from django.core.servers.basehttp import WSGIRequestHandler

CONNECTIONS = 60


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that listens and accepts nothing by itself."""
    with Server(("127.0.0.1", 0), WSGIRequestHandler) as server:
        yield server


def test_many_connections_wait_without_being_dropped(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            # The system would try a dropped one again after a second.
            stack.enter_context(
                socket.create_connection(("127.0.0.1", server.server_port), timeout=0.9)
            )


def test_each_part_of_a_response_is_sent_at_once(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)):
        accepted, _ = server.get_request()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
