"""The compose file of the repository, read once; and an environment that has the wheel alone."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.packaging.commands import ROOT, succeed
from tests.packaging.compose_stack import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The compose file as it is, with what it has to agree with."""
    return Stack(
        compose=yaml.safe_load((ROOT / "docker-compose.yml").read_text()),
        env_example=(ROOT / ".env.example").read_text(),
        dags_project=tomllib.loads((ROOT / "dags/pyproject.toml").read_text()),
        root=ROOT,
    )


@pytest.fixture(scope="session")
def uv() -> str:
    """The program that builds and installs: named by UV, on the PATH, or in the checkout."""
    places = (os.environ.get("UV"), shutil.which("uv"), str(ROOT / ".tools/bin/uv"))
    found = next((place for place in places if place and Path(place).is_file()), None)
    assert found, "Building the wheel needs uv: https://docs.astral.sh/uv/."
    return found


@pytest.fixture(scope="session")
def wheel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    succeed(uv, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def install(uv: str, requirement: str, folder: Path, *options: str) -> Path:
    """Install a wheel with the locked versions; return the Python that has it.

    Args:
        uv: the command.
        requirement: path of the wheel, with its extras.
        folder: where the environment is created.
        options: options of `uv export`, for the versions of extras.
    """
    constraints = folder / "constraints.txt"
    succeed(
        *(uv, "export", "--frozen", "--quiet", "--no-hashes", "--no-emit-project"),
        *("--no-default-groups", *options),
        *("--output-file", constraints),
    )
    succeed(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    succeed(
        *(uv, "pip", "install", "--quiet", "--python", python),
        *("--constraints", constraints, requirement),
    )
    return python


@pytest.fixture(scope="session")
def python(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel and what the wheel requires, without extras."""
    return install(uv, f"{wheel}", tmp_path_factory.mktemp("environment"))
