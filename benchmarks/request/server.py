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

from benchmarks.errors import BenchmarkError
from example.launch.process import Process, free_port

APPLICATION = "django.core.wsgi:get_wsgi_application()"
"""Django with the settings of the environment, which the server inherits."""

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
PROBE_SECONDS = 2.0

DESCRIPTION = f"gunicorn {version('gunicorn')} (gthread, 1 worker, 1 thread)"
"""Description of the server in the report."""


@contextmanager
def open_server(application: str = APPLICATION) -> Iterator[int]:
    """Serve an application, yield the port once it responds, and stop the server at the end.

    Args:
        application: the application for gunicorn.

    Raises:
        LaunchError: the server did not start.
        BenchmarkError: the benchmark failed; the message includes the end of the server's log.
    """
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-web-") as folder,
        Process(
            "gunicorn", _command(application, port),
            log=Path(folder) / "gunicorn.log", env=_environment(), cwd=PROJECT,
        ) as server,
    ):  # fmt: skip
        server.wait_until_ready(lambda: _responds(port), timeout=START_SECONDS)
        try:
            yield port
        except BenchmarkError as error:
            raise BenchmarkError(f"{error}\n{server.log_tail()}") from error


def _command(application: str, port: int) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}",
        "--worker-class=gthread", "--workers=1", "--threads=1",
        # Longer than any pause of the client, so that no request pays for a new connection.
        "--keep-alive=75",
        # Not used, and it would be created in the home folder. The access log is off by default.
        "--no-control-socket",
    ]  # fmt: skip


def _environment() -> dict[str, str]:
    """Return the environment without variables that change the server's configuration."""
    ignored = {"GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"}
    return {name: value for name, value in os.environ.items() if name not in ignored}


def _responds(port: int) -> bool:
    """Progress whether the worker responds; the socket accepts connections long before it does."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)) as connection:
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
    return True
