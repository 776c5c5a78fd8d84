"""A pytest plugin that provides a database before Django reads its settings.

It takes the first that exists: DATABASE_URL, a PostgreSQL of this machine, the one of a wheel.
Otherwise the suite stops. `DATABASE_URL=sqlite` selects SQLite.

The workers of pytest-xdist inherit DATABASE_URL, so that one server serves all of them;
pytest-django creates a database for each worker.
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
    """Return the URL of a database; start a server if necessary."""
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
    """Stop the server, in the process that started it."""
    resources.close()


# Also when the run ends before pytest has begun.
atexit.register(resources.close)
os.environ["DATABASE_URL"] = provide()
