"""What a server serves in these tests: it says what it was asked, and who answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Say what was asked, by which connection, and who answers; `/missing` is not found."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    said = {
        "asked": environ["wsgi.input"].read(size).decode(),
        "authorization": environ.get("HTTP_AUTHORIZATION"),
        "client_port": environ["REMOTE_PORT"],
        "worker": os.getpid(),
    }
    body = json.dumps(said).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("404 Not Found" if environ["PATH_INFO"] == "/missing" else "200 OK", headers)
    return [body]


def broken() -> NoReturn:
    """Fail where a server asks for its application."""
    raise RuntimeError("There is no such application.")
