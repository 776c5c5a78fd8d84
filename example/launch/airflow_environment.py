"""The environment of a private Airflow: virtual environment, ports, accounts and settings."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from example.launch.env_file import new_fernet_key
from example.launch.process import LaunchError, free_port

ROOT = Path(__file__).parents[2]
DAGS_PROJECT = ROOT / "dags"

# Set by an outer `uv run`, or by the user for this project: uv would follow them and change that
# environment instead of the DAGs'.
OUTER_PROJECT_VARIABLES = frozenset(
    {
        "UV_FROZEN",
        "UV_LOCKED",
        "UV_NO_SYNC",
        "UV_PROJECT",
        "UV_PROJECT_ENVIRONMENT",
        "UV_WORKING_DIRECTORY",
        "VIRTUAL_ENV",
    }
)
# The variables that Airflow inherits: no Django settings, no proxies, no AIRFLOW__….
PASSED_VARIABLES = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ"})


def find_uv() -> str:
    """Return the path of uv: the one that runs this process, on PATH, or in the repository."""
    for candidate in (os.environ.get("UV"), "uv", str(ROOT / ".tools" / "bin" / "uv")):
        if candidate and (found := shutil.which(candidate)):
            return found
    raise LaunchError("uv was not found. Install it, or set UV to its path.")


def install(project: Path = DAGS_PROJECT) -> None:
    """Sync the virtual environment of the DAGs with their lock file.

    Compiling all modules at once on all cores is faster than during the first start of Airflow.
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in OUTER_PROJECT_VARIABLES
    }
    command = [find_uv(), "sync", "--locked", "--quiet", "--compile-bytecode"]
    command += ["--project", str(project)]
    completed = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if completed.returncode != 0:
        reason = " ".join(completed.stderr.split()) or f"exit code {completed.returncode}"
        raise LaunchError(f"Airflow could not be installed into {project / '.venv'}: {reason}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A user of this Airflow."""

    username: str
    role: str
    """A role of the simple auth manager: viewer, user, op or admin."""
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AirflowSettings:
    """The settings of a private Airflow; ports, passwords and secrets are new each time."""

    folder: Path
    """AIRFLOW_HOME: logs, passwords and, with SQLite, the database."""
    database_url: str | None = field(repr=False)
    """`postgresql://…` of an empty database, or None for SQLite in the folder."""
    dags_folder: Path
    """Folder of the DAGs, with their virtual environment in `.venv`, unless it is another."""
    reports_folder: Path
    """Folder for the reports of the sample DAGs."""
    environment_folder: Path | None = None
    """The virtual environment with Airflow; that of the DAGs by default."""
    drivers: tuple[str, str] = ("psycopg", "psycopg")
    """What SQLAlchemy uses for PostgreSQL: for its synchronous and its asynchronous engine."""
    api_port: int = field(default_factory=free_port)
    execution_port: int = field(default_factory=free_port)
    """Used when `splits_api`."""
    secret: str = field(default_factory=lambda: secrets.token_hex(64), repr=False)
    """Signs sessions and tokens."""
    fernet_key: str = field(default_factory=new_fernet_key, repr=False)
    """Encrypts stored connections and variables."""
    admin: Account = field(default_factory=lambda: Account(username="admin", role="admin"))
    viewer: Account = field(default_factory=lambda: Account(username="viewer", role="viewer"))

    @property
    def base_url(self) -> str:
        """The URL of the web interface and the API, without a trailing slash."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def tasks_port(self) -> int:
        """The port of the API server that tasks report to."""
        return self.execution_port if self.splits_api else self.api_port

    @property
    def splits_api(self) -> bool:
        """Whether tasks report to a separate API server.

        Required with SQLite: within one process, a request can wait for a database lock that
        only the event loop it blocks could release.
        """
        return self.database_url is None

    def write_files(self) -> None:
        """Write the files that Airflow would otherwise create at its start."""
        # Without it, several programs would write the same file at the same time.
        (self.folder / "airflow.cfg").write_text("# Everything is set by environment variables.\n")
        passwords = {account.username: account.password for account in (self.admin, self.viewer)}
        self._passwords_file.touch(mode=0o600)
        self._passwords_file.write_text(json.dumps(passwords))

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of the `airflow` program."""
        return [str(self._bin / "airflow"), *arguments]

    def api_command(self, port: int) -> list[str]:
        """Return the command line of an API server.

        `airflow api-server` serves the same application, but requires the tables before it loads
        it, which takes longer than creating them.
        """
        command = [str(self._bin / "uvicorn"), "airflow.api_fastapi.main:app"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        # Like `airflow api-server`: pooled connections stay open, and Airflow logs the requests.
        return [*command, "--timeout-keep-alive", "120", "--no-access-log"]

    def environment(self) -> dict[str, str]:
        """Return the environment variables of every program."""
        inherited = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
        options = {
            f"AIRFLOW__{section}__{option}".upper(): value
            for section, part in self._options().items()
            for option, value in part.items()
        }
        return {
            **inherited,
            **options,
            "AIRFLOW_HOME": str(self.folder),
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            "TODO_REPORTS_DIR": str(self.reports_folder),
        }

    @property
    def _bin(self) -> Path:
        return (self.environment_folder or self.dags_folder / ".venv") / "bin"

    @property
    def _passwords_file(self) -> Path:
        return self.folder / "passwords.json"

    def _options(self) -> dict[str, dict[str, str]]:
        """Return the sections of Airflow's configuration that differ from its defaults."""
        return {
            "api": {"base_url": self.base_url, "secret_key": self.secret},
            "api_auth": {"jwt_secret": self.secret},
            "core": {
                "dags_are_paused_at_creation": "False",
                "dags_folder": str(self.dags_folder),
                "execution_api_server_url": f"http://127.0.0.1:{self.tasks_port}/execution/",
                "fernet_key": self.fernet_key,
                # The default queries DNS for the full name, which may be slow or absent.
                "hostname_callable": "socket.gethostname",
                "load_examples": "False",
                # Forked workers share loaded modules; the default since Python 3.14 reloads them.
                "mp_start_method": "fork",
                "parallelism": "4",
                "simple_auth_manager_passwords_file": str(self._passwords_file),
                "simple_auth_manager_users": ",".join(
                    f"{account.username}:{account.role}" for account in (self.admin, self.viewer)
                ),
            },
            # Check for changed DAG files every 5 seconds instead of every 5 minutes.
            "dag_processor": {"refresh_interval": "5"},
            "database": self._database_options(),
            # Poll ten times per second instead of once.
            "scheduler": {"scheduler_idle_sleep_time": "0.1"},
            # The end of a task may only be noticed at the next heartbeat: 5 seconds by default.
            "workers": {"min_heartbeat_interval": "1"},
        }

    def _database_options(self) -> dict[str, str]:
        if self.database_url is None:
            return {"sql_alchemy_conn": f"sqlite:///{self.folder / 'airflow.db'}"}
        # psycopg supports both of Airflow's engines; its defaults are two other drivers.
        url, asynchronous_url = (
            re.sub(r"^postgres(ql)?://", f"postgresql+{driver}://", self.database_url)
            for driver in self.drivers
        )
        return {"sql_alchemy_conn": url, "sql_alchemy_conn_async": asynchronous_url}
