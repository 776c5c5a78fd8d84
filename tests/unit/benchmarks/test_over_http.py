"""Benchmark requests use one worker and one connection, and the server ends with its block."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.request.over_http import HttpTransport, NoResponse
from benchmarks.request.server import open_server
from example.launch.process import LaunchError, accepts_connections, wait_until

APPLICATION = "tests.unit.benchmarks.application:echo"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve the application for all tests of this module."""
    with open_server(APPLICATION) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[HttpTransport]:
    with closing(HttpTransport(port)) as client:
        yield client


def send(client: HttpTransport, path: str = "/") -> dict[str, Any]:
    """Send a request and return the application's response."""
    document: dict[str, Any] = json.loads(client.post(path, {}, b"{}").body)
    return document


class Closes(BaseHTTPRequestHandler):
    """A handler that responds and closes the connection."""

    def do_POST(self) -> None:
        """Respond like a server without keep-alive."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serve_once() -> Iterator[int]:
    """Serve one request without keep-alive, and yield the port for it."""
    with HTTPServer(("127.0.0.1", 0), Closes) as server:
        server.timeout = 20
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.server_port
        thread.join()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_response_has_status_body_and_time(client: HttpTransport) -> None:
    response = client.post("/missing", {"Authorization": "Token t"}, b'{"note": ""}')
    echo = json.loads(response.body)
    assert response.status == 404
    assert (echo["body"], echo["authorization"]) == ('{"note": ""}', "Token t")
    assert response.microseconds > 0


def test_all_requests_share_one_connection_and_one_worker(client: HttpTransport) -> None:
    echoes = [send(client) for _ in range(5)]
    assert len({(echo["client_port"], echo["worker"]) for echo in echoes}) == 1


def test_a_server_that_closes_the_connection_is_an_error() -> None:
    with (
        serve_once() as port,
        closing(HttpTransport(port)) as client,
        pytest.raises(NoResponse, match="closed the connection after POST /"),
    ):
        client.post("/", {}, b"{}")


def test_the_server_has_ended_after_its_block() -> None:
    with open_server(APPLICATION) as port, closing(HttpTransport(port)) as client:
        worker = send(client)["worker"]
    assert not accepts_connections(port)
    wait_until(lambda: not is_running(worker), timeout=60, what="the end of the worker")
    with (
        closing(HttpTransport(port)) as client,
        pytest.raises(NoResponse, match="did not respond to POST /"),
    ):
        client.post("/", {}, b"{}")


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_server_has_ended_after_a_failure(error: type[BaseException]) -> None:
    with pytest.raises(error), open_server(APPLICATION) as port:
        raise error
    assert not accepts_connections(port)


def test_a_failed_measurement_shows_the_servers_log() -> None:
    with (
        pytest.raises(
            BenchmarkError, match=r"(?s)wrong response.*gunicorn: .*Using worker: gthread"
        ),
        open_server(APPLICATION),
    ):
        raise BenchmarkError("wrong response")


def test_a_server_that_cannot_start_shows_the_reason() -> None:
    with (
        pytest.raises(LaunchError, match=r"(?s)gunicorn exited.*The application does not exist"),
        open_server("tests.unit.benchmarks.application:broken()"),
    ):
        pass
