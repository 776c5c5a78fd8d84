"""Where the parts of the stack keep their data: one server, one database for each part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from example.launch.postgres import Postgres, create_database, drop_database
from example.launch.process import LaunchError

POSTGRES_SCHEMES = ("postgres://", "postgresql://")


class Databases(Protocol):
    """Gives each part a database of its own."""

    @property
    def is_postgres(self) -> bool:
        """Whether row locks, and so several relays, are to be had."""

    def create(self, name: str) -> str:
        """Create an empty database and return its URL."""


@dataclass(frozen=True)
class SqliteDatabases:
    """A file for each part."""

    folder: Path
    is_postgres: bool = False

    def create(self, name: str) -> str:
        """Return the URL of a file that does not exist yet."""
        return f"sqlite:///{self.folder / name}.sqlite3"


@dataclass(frozen=True)
class PostgresDatabases:
    """A database for each part, on one server, with names that nobody else has."""

    server_url: str
    suffix: str
    created: list[str]
    is_postgres: bool = True

    def create(self, name: str) -> str:
        """Create the database."""
        full = f"dj_actions_{name}_{self.suffix}"
        url = create_database(self.server_url, full)
        self.created.append(full)
        return url


@contextmanager
def open_databases(
    folder: Path, progress: Callable[[str], None], *, wanted: str | None = None
) -> Iterator[Databases]:
    """Open the databases that `wanted` asks for, and leave no trace of them.

    Args:
        folder: an empty folder of ours.
        progress: told what is used, in a line for people.
        wanted: `sqlite`, the URL of a PostgreSQL server, or nothing: then a server of our own,
            and SQLite where none can be started.

    Raises:
        LaunchError: `wanted` cannot be had.
    """
    wanted = wanted or os.environ.get("DATABASE_URL") or ""
    if wanted == "sqlite" or wanted.startswith("sqlite:"):
        progress("Database: SQLite")
        yield SqliteDatabases(folder)
    elif wanted.startswith(POSTGRES_SCHEMES):
        progress("Database: the PostgreSQL of DATABASE_URL")
        yield from _on_server(wanted)
    elif wanted:
        raise LaunchError(f"{wanted!r} is no database: use sqlite or a postgres:// URL.")
    else:
        yield from _on_our_own(folder, progress)


def _on_our_own(folder: Path, progress: Callable[[str], None]) -> Iterator[Databases]:
    server = _start(folder, progress)
    if server is None:
        yield SqliteDatabases(folder)
        return
    with server:
        progress(f"Database: PostgreSQL on port {server.port}")
        yield PostgresDatabases(server.url(), secrets.token_hex(4), [])


def _start(folder: Path, progress: Callable[[str], None]) -> Postgres | None:
    try:
        return Postgres.start(folder / "postgres")
    except LaunchError as error:
        progress(f"Database: SQLite, as no PostgreSQL can be started here. {error}")
        return None


def _on_server(server_url: str) -> Iterator[Databases]:
    databases = PostgresDatabases(server_url, secrets.token_hex(4), [])
    try:
        yield databases
    finally:
        for name in databases.created:
            drop_database(server_url, name)
