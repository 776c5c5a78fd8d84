"""A WSGI application that echoes the request and its worker."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Return the request, its connection and the worker as JSON; `/missing` is not found."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    document = {
        "body": environ["wsgi.input"].read(size).decode(),
        "authorization": environ.get("HTTP_AUTHORIZATION"),
        "client_port": environ["REMOTE_PORT"],
        "worker": os.getpid(),
    }
    body = json.dumps(document).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("404 Not Found" if environ["PATH_INFO"] == "/missing" else "200 OK", headers)
    return [body]


def broken() -> NoReturn:
    """Fail while the server loads its application."""
    raise RuntimeError("The application does not exist.")
