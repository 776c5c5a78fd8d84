"""A PostgreSQL that keeps its promises, and an empty database on it."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks.options import Tell
from example.launch import postgres
from example.launch.databases import open_databases
from example.launch.process import LaunchError

AS_SHIPPED = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""The server's own defaults: a commit is on disk before its client hears of it."""

PACKAGES = (
    *("Django", "djangorestframework", "psycopg", "gunicorn"),
    *("procrastinate", "django-tasks-db"),
)


@contextmanager
def open_database(tell: Tell) -> Iterator[str]:
    """Yield the URL of an empty database, dropped in the end.

    Raises:
        LaunchError: there is no PostgreSQL, or it does not wait for its disk.
    """
    # The launcher's own settings are for tests: they do without the disk.
    postgres.SETTINGS.update(AS_SHIPPED)
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-") as folder,
        open_databases(Path(folder), tell) as databases,
    ):
        if not databases.is_postgres:
            raise LaunchError("The benchmarks need PostgreSQL. Set DATABASE_URL to a server's.")
        url = databases.create("benchmark")
        require_durability(url)
        yield url


def require_durability(url: str) -> None:
    """Refuse a server whose commits are faster than its disk.

    Raises:
        LaunchError: a setting is not what the server ships with.
    """
    with psycopg.connect(url) as connection:
        for name, wanted in AS_SHIPPED.items():
            if (found := _setting(connection, name)) != wanted:
                raise LaunchError(
                    f"The server runs with {name} = {found}; figures from it would flatter "
                    f"everybody who commits. Set it to {wanted}."
                )


def surroundings(url: str) -> dict[str, str]:
    """Return what the figures depend on: versions, machine, the server's settings."""
    with psycopg.connect(url) as connection:
        names = (*AS_SHIPPED, "shared_buffers", "wal_sync_method")
        settings = ", ".join(f"{name}={_setting(connection, name)}" for name in names)
        server = _setting(connection, "server_version")
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "PostgreSQL": server,
        "PostgreSQL settings": settings,
        "Machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        # Of the machine while nothing was measured yet: others at work make figures worse.
        "Load average before": f"{os.getloadavg()[0]:.2f}",
    }


def _setting(connection: psycopg.Connection[tuple[str, ...]], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    return row[0] if row else ""
