"""The compose file of the repository, read once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml

from tests.packaging.compose_stack import Stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The compose file as it is, with what it has to agree with."""
    return Stack(
        compose=yaml.safe_load((ROOT / "docker-compose.yml").read_text()),
        env_example=(ROOT / ".env.example").read_text(),
        dags_project=tomllib.loads((ROOT / "dags/pyproject.toml").read_text()),
        root=ROOT,
    )
