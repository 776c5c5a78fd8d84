"""Run programs outside our own environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def outer_environment() -> dict[str, str]:
    """Return our environment without the variables that would lead back into the checkout."""
    ours = ("VIRTUAL_ENV", "PYTHONPATH", "DJANGO_SETTINGS_MODULE", "DATABASE_URL", "UV_PROJECT")
    return {name: value for name, value in os.environ.items() if name not in ours}


def run(
    *command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program outside our own environment, and return what it said."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**outer_environment(), **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def succeed(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a program that must not fail, and return what it printed."""
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout
