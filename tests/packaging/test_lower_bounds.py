"""The lowest versions that pyproject.toml admits: the API behaves with them as with the latest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.packaging.commands import ROOT, run, succeed

TOOLS = (
    *("dj-database-url", "gunicorn", "hypothesis", "psycopg[binary]", "pydantic", "whitenoise"),
    *("pytest", "pytest-django", "pytest-randomly", "pytest-xdist"),
)
"""What the tests and the example need in addition."""


@pytest.mark.slow
def test_the_api_passes_its_tests_with_the_lowest_versions(uv: str, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    succeed(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, tmp_path / "venv")
    install = (uv, "pip", "install", "--quiet", "--python", python)
    everything = f"{ROOT}[postgres,stream,airflow,openapi]"
    succeed(*install, "--resolution", "lowest-direct", everything)
    succeed(*install, *TOOLS)
    done = run(
        *(python, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", "-m", "not postgres"),
        "tests/integration/rest",
        env={"DATABASE_URL": "sqlite"},
    )

    assert done.returncode == 0, done.stdout
