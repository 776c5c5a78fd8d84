"""The destination: an HTTP server on loopback that fails on purpose."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.chaos.effects import Effects
from tests.chaos.faults import TIMEOUT, EffectTiming, FaultInjector, PlannedResponse, ResponseKind

LATE_SECONDS = 2 * TIMEOUT

STATUS = {
    ResponseKind.ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    ResponseKind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
}


class Destination(ThreadingHTTPServer):
    """A server that runs from its creation until the end of its `with` block."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, effects: Effects, faults: FaultInjector) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.effects = effects
        self.faults = faults
        self._lock = threading.Lock()
        self._active = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress, including those whose client has disconnected."""
        return self._active == 0

    def count_active(self, difference: int) -> None:
        """Count the start (1) or the end (-1) of a request."""
        with self._lock:
            self._active += difference

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connection errors of killed clients; report all others."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """The handler of a client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Destination

    def do_POST(self) -> None:
        """Apply the effect and respond, as far as the injected fault allows."""
        self.server.count_active(1)
        try:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) == length:  # else the client was killed while sending
                self._process(body)
        except OSError:
            self.close_connection = True  # the client was killed or has disconnected
        finally:
            self.server.count_active(-1)

    def _process(self, body: bytes) -> None:
        message = json.loads(body)
        key, content = message["id"], json.dumps(message["content"], sort_keys=True)
        effects, planned = self.server.effects, self.server.faults.next_response()
        receipt = effects.apply(key, content) if planned.timing is EffectTiming.BEFORE else ""
        if planned.kind is ResponseKind.LATE:
            time.sleep(LATE_SECONDS)
        if planned.timing is EffectTiming.AFTER:
            effects.apply(key, content)
        effects.record(key, planned)
        self._respond(planned, json.dumps({"receipt": receipt}).encode())

    def _respond(self, planned: PlannedResponse, body: bytes) -> None:
        if planned.kind is not ResponseKind.CUT:
            self.send_response(STATUS.get(planned.kind, HTTPStatus.OK))
            self.send_header("Content-Length", str(len(body)))
            if planned.kind is ResponseKind.TOO_MANY:
                self.send_header("Retry-After", self.server.faults.retry_after())
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if planned.kind is ResponseKind.HALF else body)
        if planned.kind in {ResponseKind.CUT, ResponseKind.HALF}:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Do not log: the report has all requests."""
