"""A real Airflow of each version, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from example.launch.airflow import Airflow
from example.launch.airflow_environment import DAGS_PROJECT, AirflowSettings, install
from example.launch.databases import open_databases
from example.launch.process import LaunchError

HERE = Path(__file__).parent
DAG_IDS = ("matrix_succeeds", "matrix_fails")


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of Airflow."""

    number: str
    """The beginning of what the server says about itself."""

    project: Path
    """The folder with its lock file."""

    drivers: tuple[str, str]
    """What its SQLAlchemy uses for PostgreSQL, synchronous and asynchronous."""


VERSIONS = (
    Version(number="3.1.", project=HERE / "airflow_3_1", drivers=("psycopg2", "asyncpg")),
    Version(number="3.3.", project=DAGS_PROJECT, drivers=("psycopg", "psycopg")),
)


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: version.number)
def version(request: pytest.FixtureRequest) -> Version:
    """Each version, installed; skipped where that is not possible."""
    version: Version = request.param
    try:
        install(version.project)
    except LaunchError as error:
        pytest.skip(str(error))
    return version


@pytest.fixture(scope="session")
def airflow(version: Version, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """A running Airflow of this version."""
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "reports").mkdir()
    with open_databases(folder, print, url=os.environ["DATABASE_URL"]) as databases:
        settings = AirflowSettings(
            folder=folder,
            database_url=databases.create("airflow"),
            dags_folder=HERE / "dags",
            reports_folder=folder / "reports",
            environment_folder=version.project / ".venv",
            drivers=version.drivers,
        )
        airflow = Airflow(settings)
        airflow.launch(print, DAG_IDS)
        try:
            yield airflow
        finally:
            airflow.stop()
