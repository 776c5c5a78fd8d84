"""An Airflow with a database of its own, and a paused DAG whose runs stay queued."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from benchmarks.errors import BenchmarkError
from benchmarks.options import Progress
from example.launch.airflow import Airflow
from example.launch.airflow_environment import DAGS_PROJECT, AirflowSettings, install
from example.launch.postgres import create_database, drop_database

DAG_ID = "todo_completed"
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowServer:
    """What the contenders need to know."""

    port: int
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    database_url: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address of its API server."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def open_airflow(url: str, folder: Path, progress: Progress) -> Iterator[AirflowServer]:
    """Run an Airflow while the block runs.

    Args:
        url: a database on the server that gets another one for Airflow.
        folder: an empty folder.
        progress: receives a line for each step.

    Raises:
        LaunchError: it does not start.
        BenchmarkError: it does not accept requests.
    """
    address = urlsplit(url)
    server = address._replace(path="/postgres").geturl()
    name = f"{address.path.lstrip('/')}_airflow"
    created = create_database(server, name)
    try:
        progress("Airflow: checking its environment (the first time takes a while)")
        install()
        (folder / "reports").mkdir()
        settings = AirflowSettings(
            folder=folder,
            database_url=created,
            dags_folder=DAGS_PROJECT,
            reports_folder=folder / "reports",
        )
        airflow = Airflow(settings)
        airflow.launch(progress)
        try:
            yield _prepare(settings, created)
        finally:
            airflow.stop()
    finally:
        drop_database(server, name)


def _prepare(settings: AirflowSettings, database_url: str) -> AirflowServer:
    """Pause the DAG."""
    admin, base_url = settings.admin, settings.base_url
    credentials = {"username": admin.username, "password": admin.password}
    token = _request("POST", f"{base_url}/auth/token", credentials)["access_token"]
    path = f"/api/v2/dags/{DAG_ID}"
    _request("PATCH", f"{base_url}{path}", {"is_paused": True}, token=token)
    return AirflowServer(
        port=settings.api_port,
        username=admin.username,
        password=admin.password,
        token=token,
        database_url=database_url,
    )


def _request(method: str, url: str, body: Mapping[str, object], token: str = "") -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = urllib3.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
    if response.status >= 300:  # noqa: PLR2004 - not a success
        raise BenchmarkError(f"{method} {url} was answered with {response.status}")
    found: dict[str, str] = json.loads(response.data)
    return found
