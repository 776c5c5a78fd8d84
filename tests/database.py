"""Gives the suite a database before Django reads its settings: a pytest plugin.

In this order: DATABASE_URL, a PostgreSQL of the machine, the one of a wheel. Without any of
them the suite stops; `DATABASE_URL=sqlite` asks for SQLite.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from example.launch.postgres import Postgres
from example.launch.process import LaunchError

resources = ExitStack()
server: Postgres | None = None


def provide() -> str:
    """Return the URL of a database, starting a server if need be."""
    global server  # noqa: PLW0603 - pytest plugins live as modules
    wanted = os.environ.get("DATABASE_URL", "")
    if wanted and wanted != "sqlite":
        return wanted
    folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="dj-actions-")))
    if wanted == "sqlite":
        return f"sqlite:///{folder / 'tests.sqlite3'}"
    try:
        server = resources.enter_context(Postgres.start(folder / "server"))
    except LaunchError as error:
        raise pytest.UsageError(f"The tests need PostgreSQL. {error}") from error
    return server.url()


def pytest_unconfigure() -> None:
    """Stop what was started."""
    resources.close()


# Also when the run ends before pytest has begun.
atexit.register(resources.close)
os.environ["DATABASE_URL"] = provide()
