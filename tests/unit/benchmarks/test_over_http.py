"""Requests of a benchmark go through one worker, on one connection, and nothing is left running."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from benchmarks.errors import NoFigure
from benchmarks.request.over_http import NoAnswer, OverHttp
from benchmarks.request.server import open_server
from example.launch.process import LaunchError, accepts_connections, wait_until

pytestmark = pytest.mark.xdist_group("over_http")  # all share one server

APPLICATION = "tests.unit.benchmarks.application:answer"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve the application for all tests of this module."""
    with open_server(APPLICATION) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[OverHttp]:
    with closing(OverHttp(port)) as client:
        yield client


def ask(client: OverHttp, path: str = "/") -> dict[str, Any]:
    """Send a request and return what the application said."""
    said: dict[str, Any] = json.loads(client.post(path, {}, b"{}").body)
    return said


class Closes(BaseHTTPRequestHandler):
    """Answers, and closes the connection."""

    def do_POST(self) -> None:
        """Answer as a server without keep-alive does."""
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


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_answer_has_status_body_and_time(client: OverHttp) -> None:
    answer = client.post("/missing", {"Authorization": "Token t"}, b'{"note": ""}')
    said = json.loads(answer.body)
    assert answer.status == 404
    assert (said["asked"], said["authorization"]) == ('{"note": ""}', "Token t")
    assert answer.microseconds > 0


def test_all_requests_share_one_connection_and_one_worker(client: OverHttp) -> None:
    answers = [ask(client) for _ in range(5)]
    assert len({(said["client_port"], said["worker"]) for said in answers}) == 1


def test_a_server_that_closes_the_connection_gives_no_figure() -> None:
    with (
        serve_once() as port,
        closing(OverHttp(port)) as client,
        pytest.raises(NoAnswer, match="closed the connection after POST /"),
    ):
        client.post("/", {}, b"{}")


def test_the_server_has_ended_after_its_block() -> None:
    with open_server(APPLICATION) as port, closing(OverHttp(port)) as client:
        worker = ask(client)["worker"]
    assert not accepts_connections(port)
    wait_until(lambda: not runs(worker), timeout=60, what="the end of the worker")
    with closing(OverHttp(port)) as client, pytest.raises(NoAnswer, match="did not answer POST /"):
        client.post("/", {}, b"{}")


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_server_has_ended_after_a_failure(error: type[BaseException]) -> None:
    with pytest.raises(error), open_server(APPLICATION) as port:
        raise error
    assert not accepts_connections(port)


def test_a_failed_measurement_shows_the_servers_log() -> None:
    with (
        pytest.raises(NoFigure, match=r"(?s)wrong answer.*gunicorn: .*Using worker: gthread"),
        open_server(APPLICATION),
    ):
        raise NoFigure("wrong answer")


def test_a_server_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(LaunchError, match=r"(?s)gunicorn ended.*There is no such application"),
        open_server("tests.unit.benchmarks.application:broken()"),
    ):
        pass
