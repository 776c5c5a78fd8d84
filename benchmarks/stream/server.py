"""A feeds server with a database of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.child import PROJECT
from benchmarks.errors import BenchmarkError
from example.launch.postgres import create_database, drop_database
from example.launch.process import Process, accepts_connections, free_port

START_SECONDS = 60.0


@contextmanager
def open_feeds_database(url: str) -> Iterator[str]:
    """Create an empty database on the server of another one, yield its URL, and drop it."""
    address = urlsplit(url)
    server, own = address._replace(path="/postgres").geturl(), f"{address.path.lstrip('/')}_feeds"
    created = create_database(server, own)
    try:
        yield created
    finally:
        drop_database(server, own)


@contextmanager
def open_feeds_server(database_url: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve feeds while the block runs, and yield the environment of their publishers.

    Args:
        database_url: an empty database.
        folder: a folder for the log.

    Raises:
        BenchmarkError: the tables cannot be created.
        LaunchError: the server does not start.
    """
    port = free_port()
    credentials = {"key": secrets.token_hex(8), "secret": secrets.token_urlsafe(48)}
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example.feeds.settings",
        "FEEDS_DATABASE_URL": database_url,
        "FEEDS_API_KEY": credentials["key"],
        "FEEDS_API_SECRET": credentials["secret"],
        "FEEDS_SECRET_KEY": secrets.token_urlsafe(50),
    }
    _migrate(environment)
    command = [
        sys.executable, "-m", "gunicorn", "example.feeds.wsgi", f"--bind=127.0.0.1:{port}",
        "--workers=1", "--threads=4", "--keep-alive=75",
    ]  # fmt: skip
    with Process("feeds", command, log=folder / "feeds.log", env=environment, cwd=PROJECT) as feeds:
        feeds.wait_until_ready(lambda: accepts_connections(port), timeout=START_SECONDS)
        yield {
            "STREAM_BASE_URL": f"http://localhost:{port}",
            "STREAM_API_KEY": credentials["key"],
            "STREAM_API_SECRET": credentials["secret"],
        }


def _migrate(environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    done = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"The feeds server's tables cannot be created:\n{done.stderr[-2000:]}")
