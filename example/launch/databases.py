"""The databases of the stack: one server, with a database for each part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from example.launch.postgres import Postgres, create_database, drop_database
from example.launch.process import LaunchError

POSTGRES_SCHEMES = ("postgres://", "postgresql://")


class Databases(Protocol):
    """Creates a separate database for each part."""

    @property
    def is_postgres(self) -> bool:
        """Whether row locks, and with them several relays, are supported."""

    def create(self, name: str) -> str:
        """Create an empty database and return its URL."""


@dataclass(frozen=True)
class SqliteDatabases:
    """A SQLite file for each part."""

    folder: Path
    is_postgres: bool = False

    def create(self, name: str) -> str:
        """Return the URL of a new file."""
        return f"sqlite:///{self.folder / name}.sqlite3"


@dataclass(frozen=True)
class PostgresDatabases:
    """A database for each part on one PostgreSQL server, with unique names."""

    server_url: str
    suffix: str
    created: list[str]
    is_postgres: bool = True

    def create(self, name: str) -> str:
        """Create the database."""
        database = f"dj_actions_{name}_{self.suffix}"
        url = create_database(self.server_url, database)
        self.created.append(database)
        return url


@contextmanager
def open_databases(
    folder: Path,
    progress: Callable[[str], None],
    *,
    url: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Databases]:
    """Open the databases at `url`, and drop them at the end.

    Args:
        folder: an empty folder.
        progress: receives a line about the database in use.
        url: `sqlite`, or the URL of a PostgreSQL server. Defaults to DATABASE_URL, else to a
            temporary server, or SQLite if no server can be started.
        settings: PostgreSQL settings of the temporary server.

    Raises:
        LaunchError: `url` is not a database URL, or its server cannot be reached.
    """
    url = url or os.environ.get("DATABASE_URL") or ""
    if url == "sqlite" or url.startswith("sqlite:"):
        progress("Database: SQLite")
        yield SqliteDatabases(folder)
    elif url.startswith(POSTGRES_SCHEMES):
        progress("Database: the PostgreSQL of DATABASE_URL")
        yield from _on_server(url)
    elif url:
        raise LaunchError(f"{url!r} is not a database; use sqlite or a postgres:// URL.")
    else:
        yield from _on_temporary_server(folder, progress, settings)


def _on_temporary_server(
    folder: Path, progress: Callable[[str], None], settings: Mapping[str, str] | None
) -> Iterator[Databases]:
    server = _start(folder, progress, settings)
    if server is None:
        yield SqliteDatabases(folder)
        return
    with server:
        progress(f"Database: PostgreSQL on port {server.port}")
        yield PostgresDatabases(server.url(), secrets.token_hex(4), [])


def _start(
    folder: Path, progress: Callable[[str], None], settings: Mapping[str, str] | None
) -> Postgres | None:
    try:
        return Postgres.start(folder / "postgres", settings=settings)
    except LaunchError as error:
        progress(f"Database: SQLite, because PostgreSQL could not be started. {error}")
        return None


def _on_server(server_url: str) -> Iterator[Databases]:
    databases = PostgresDatabases(server_url, secrets.token_hex(4), [])
    try:
        yield databases
    finally:
        for name in databases.created:
            drop_database(server_url, name)
