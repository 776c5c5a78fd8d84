"""The wheel: what is in it, and what it does in an environment that has nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.commands import ROOT, run, succeed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

MANAGE = """
import os
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line()
"""

SETTINGS = """
from pathlib import Path

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "dj_actions"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).with_name("db.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
SECRET_KEY = "of this test alone"
USE_TZ = True
DJ_ACTIONS = {"PUBLISHERS": {"it": {"BACKEND": "BACKEND OF THE TEST", "ROUTES": ["*"]}}}
"""


@pytest.fixture(scope="session")
def contents(wheel: Path) -> frozenset[str]:
    """The paths in the wheel."""
    with ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.fixture(scope="session")
def metadata(wheel: Path) -> str:
    """What the wheel says of itself."""
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small Django project outside the checkout."""
    (tmp_path / "manage.py").write_text(MANAGE)
    return tmp_path


def configure(project: Path, backend: str) -> None:
    """Let the project publish to one publisher of that class."""
    settings = SETTINGS.replace("BACKEND OF THE TEST", backend)
    (project / "settings.py").write_text(settings)


def test_the_top_level_names_are_ours_and_no_others(contents: frozenset[str]) -> None:
    dist_info = f"dj_actions-{PROJECT['version']}.dist-info"

    assert {path.partition("/")[0] for path in contents} == {
        "dj_actions",
        "dj_actions_stream",
        "dj_actions_airflow",
        dist_info,
    }


@pytest.mark.parametrize(
    "folder", ["dj_actions", "integrations/dj_actions_stream", "integrations/dj_actions_airflow"]
)
def test_every_file_of_the_package_is_in_it(contents: frozenset[str], folder: str) -> None:
    package = ROOT / folder
    files = {path.relative_to(package.parent) for path in package.rglob("*") if path.is_file()}

    assert {str(path) for path in files if "__pycache__" not in path.parts} <= contents
    assert f"{Path(folder).name}/py.typed" in contents


@pytest.mark.parametrize(
    "migration",
    [
        "dj_actions/migrations/0001_initial.py",
        "dj_actions/migrations/0002_delivery_options.py",
        "dj_actions_stream/server/migrations/0001_initial.py",
    ],
)
def test_migrations_are_in_it(contents: frozenset[str], migration: str) -> None:
    assert migration in contents


@pytest.mark.parametrize("folder", ["tests", "example", "dags", "benchmarks", "docs"])
def test_what_is_for_developers_is_not_in_it(contents: frozenset[str], folder: str) -> None:
    # dj_actions.tests.testutils is what users of dj-actions 0.0.7 import.
    kept = {"dj_actions/tests/__init__.py", "dj_actions/tests/testutils.py"}
    # What the publisher knows of DAGs; the samples are elsewhere.
    kept |= {path for path in contents if path.startswith("dj_actions_airflow/dags/")}
    assert not any(folder in Path(path).parts for path in contents - kept)


def test_nothing_made_by_running_the_code_is_in_it(contents: frozenset[str]) -> None:
    made = (".pyc", ".sqlite3", ".env", ".log")

    assert not [path for path in contents if path.endswith(made) or "__pycache__" in path]


def test_the_license_and_the_readme_are_in_it(contents: frozenset[str], metadata: str) -> None:
    dist_info = f"dj_actions-{PROJECT['version']}.dist-info"

    assert f"{dist_info}/licenses/LICENSE" in contents
    assert (ROOT / "README.md").read_text().strip() in metadata


def test_the_vendors_libraries_are_extras(metadata: str) -> None:
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    always = [
        re.split(r"[<>!=]", line.split()[1])[0] for line in required if "extra ==" not in line
    ]

    assert {name.lower() for name in always} == {
        "django",
        "djangorestframework",
        "jsonschema",
        "pyyaml",
        "tenacity",
    }
    assert {line.split("'")[1] for line in required if "extra ==" in line} == {
        "postgres",
        "stream",
        "stream3",
        "airflow",
        "openapi",
    }


def test_the_environment_has_no_vendors_library(python: Path, project: Path) -> None:
    code = (
        "from importlib.util import find_spec;"
        "print([n for n in ('stream', 'airflow_client', 'psycopg') if find_spec(n)])"
    )

    assert succeed(python, "-c", code, cwd=project).strip() == "[]"


def test_the_code_that_runs_is_the_wheels(python: Path, project: Path) -> None:
    code = "import dj_actions; print(dj_actions.__file__)"
    file = Path(succeed(python, "-c", code, cwd=project).strip())

    assert file.is_relative_to(python.parents[1])


def test_the_core_works_without_extras(python: Path, project: Path) -> None:
    configure(project, "dj_actions.publishers.console.ConsolePublisher")
    succeed(python, "-W", "error", "manage.py", "check", "--fail-level", "WARNING", cwd=project)
    succeed(python, "-W", "error", "manage.py", "migrate", "--verbosity", "0", cwd=project)

    planned = succeed(python, "manage.py", "makemigrations", "--check", "--dry-run", cwd=project)
    assert "No changes detected" in planned


@pytest.mark.parametrize(
    ("backend", "extra"),
    [
        ("dj_actions_stream.StreamPublisher", "stream"),
        ("dj_actions_airflow.AirflowPublisher", "airflow"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_adds_it(
    python: Path, project: Path, backend: str, extra: str
) -> None:
    configure(project, backend)
    check = run(python, "manage.py", "check", cwd=project)

    assert check.returncode == 1
    assert f"pip install 'dj-actions[{extra}]'" in check.stderr
    assert "dj_actions.E002" in check.stderr
    assert "Traceback" not in check.stderr


def test_the_feeds_server_needs_its_extra_and_says_so(python: Path, project: Path) -> None:
    done = run(python, "-c", "import dj_actions_stream.server", cwd=project)

    assert done.returncode == 1
    assert "pip install 'dj-actions[stream]'" in done.stderr
