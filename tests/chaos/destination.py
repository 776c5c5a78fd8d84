"""The destination: a real HTTP server on loopback that answers as the weather wants."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.chaos.effects import Effects
from tests.chaos.faults import TIMEOUT, Answer, Kind, Weather, Work

LATE = 2 * TIMEOUT
"""Seconds."""

STATUS = {
    Kind.ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
}


class Destination(ThreadingHTTPServer):
    """Serves from the moment it is made until the end of its `with` block."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, effects: Effects, weather: Weather) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.effects = effects
        self.weather = weather
        self._lock = threading.Lock()
        self._at_work = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being worked on, be it one that nobody waits for any more."""
        return self._at_work == 0

    def count_at_work(self, difference: int) -> None:
        """Note that a request has begun (1) or ended (-1)."""
        with self._lock:
            self._at_work += difference

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed; anything else is a fault of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Destination

    def do_POST(self) -> None:
        """Do the work, or not, and answer, or not."""
        self.server.count_at_work(1)
        try:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) == length:  # else the client was killed while it sent
                self._take(body)
        except OSError:
            self.close_connection = True  # the client was killed, or has gone
        finally:
            self.server.count_at_work(-1)

    def _take(self, body: bytes) -> None:
        message = json.loads(body)
        key, content = message["id"], json.dumps(message["content"], sort_keys=True)
        effects, answer = self.server.effects, self.server.weather.draw()
        receipt = effects.work(key, content) if answer.work is Work.BEFORE else ""
        if answer.kind is Kind.LATE:
            time.sleep(LATE)
        if answer.work is Work.AFTER:
            effects.work(key, content)
        effects.note(key, answer)
        self._answer(answer, json.dumps({"receipt": receipt}).encode())

    def _answer(self, answer: Answer, body: bytes) -> None:
        if answer.kind is not Kind.CUT:
            self.send_response(STATUS.get(answer.kind, HTTPStatus.OK))
            self.send_header("Content-Length", str(len(body)))
            if answer.kind is Kind.TOO_MANY:
                self.send_header("Retry-After", self.server.weather.retry_after())
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if answer.kind is Kind.HALF else body)
        if answer.kind in {Kind.CUT, Kind.HALF}:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the account does."""
