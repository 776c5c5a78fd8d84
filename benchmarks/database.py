"""An empty database on a PostgreSQL server with durable commits."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks.options import Progress
from example.launch.databases import open_databases
from example.launch.process import LaunchError

DURABLE_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""PostgreSQL's defaults: a commit returns after it is on disk."""

PACKAGES = (
    *("Django", "djangorestframework", "psycopg", "gunicorn"),
    *("procrastinate", "django-tasks-db"),
)


@contextmanager
def open_database(progress: Progress) -> Iterator[str]:
    """Yield the URL of an empty database, which is dropped at the end.

    Raises:
        LaunchError: PostgreSQL is not available, or its commits are not durable.
    """
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-") as folder,
        open_databases(Path(folder), progress, settings=DURABLE_SETTINGS) as databases,
    ):
        if not databases.is_postgres:
            raise LaunchError(
                "The benchmarks need PostgreSQL. Set DATABASE_URL to the URL of a server."
            )
        url = databases.create("benchmark")
        require_durability(url)
        yield url


def require_durability(url: str) -> None:
    """Raise unless the server's commits are durable.

    Raises:
        LaunchError: a durability setting is turned off.
    """
    with psycopg.connect(url) as connection:
        for name, required in DURABLE_SETTINGS.items():
            if (found := _setting(connection, name)) != required:
                raise LaunchError(
                    f"The server runs with {name} = {found}, which makes every commit look faster "
                    f"than it is. Set it to {required}."
                )


def describe_environment(url: str) -> dict[str, str]:
    """Return what the results depend on: versions, machine and server settings."""
    with psycopg.connect(url) as connection:
        names = (*DURABLE_SETTINGS, "shared_buffers", "wal_sync_method")
        settings = ", ".join(f"{name}={_setting(connection, name)}" for name in names)
        server = _setting(connection, "server_version")
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "PostgreSQL": server,
        "PostgreSQL settings": settings,
        "Machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        # Before the measurement: other work on the machine makes the results worse.
        "Load average before": f"{os.getloadavg()[0]:.2f}",
    }


def _setting(connection: psycopg.Connection[tuple[str, ...]], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    return row[0] if row else ""
