"""The server between the client and Django: one gunicorn worker with one thread, on loopback."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from pathlib import Path

from benchmarks.errors import NoFigure
from example.launch.process import Process, free_port

APPLICATION = "django.core.wsgi:get_wsgi_application()"
"""Django under the settings of the environment, which the server inherits."""

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
PROBE_SECONDS = 2.0

DESCRIPTION = f"gunicorn {version('gunicorn')} (gthread, 1 worker, 1 thread)"
"""What a report says it was measured through."""


@contextmanager
def open_server(application: str = APPLICATION) -> Iterator[int]:
    """Serve an application, yield its port once it answers, end the server in any case.

    Args:
        application: what gunicorn is to serve.

    Raises:
        LaunchError: the server does not start.
        NoFigure: no figure came of the requests; the end of the server's log is added.
    """
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-web-") as folder,
        Process(
            "gunicorn", _command(application, port),
            log=Path(folder) / "gunicorn.log", env=_environment(), cwd=PROJECT,
        ) as server,
    ):  # fmt: skip
        server.wait_until_ready(lambda: _answers(port), timeout=START_SECONDS)
        try:
            yield port
        except NoFigure as error:
            raise NoFigure(f"{error}\n{server.log_tail()}") from error


def _command(application: str, port: int) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}",
        "--worker-class=gthread", "--workers=1", "--threads=1",
        # Longer than any pause of the client: a new connection would be timed with a request.
        "--keep-alive=75",
        # It would lie in a home folder, and nobody talks to it. The access log is off as it is.
        "--no-control-socket",
    ]  # fmt: skip


def _environment() -> dict[str, str]:
    """Return ours, without what would change the server behind the back of the report."""
    ignored = {"GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"}
    return {name: value for name, value in os.environ.items() if name not in ignored}


def _answers(port: int) -> bool:
    """Tell whether the worker answers; the socket accepts connections long before it does."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)) as connection:
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
    return True
