"""SQLite: one relay at a time, and a clear word to the second."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from example.launch.airflow_environment import ROOT
from example.launch.process import Process
from tests.acceptance.conftest import run_relay, wait_for


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a project on a new SQLite database."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'todos.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
    }
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
    return environment


def is_running(relay: Process) -> bool:
    return "Relay started." in relay.log.read_text()


def test_a_second_relay_is_refused_until_the_first_has_ended(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with run_relay(tmp_path / "first.log", **environment) as first:
        wait_for(lambda: is_running(first), "The first relay")
        with run_relay(tmp_path / "second.log", **environment) as second:
            assert second.wait(timeout=60) == 1
            assert "Another relay already serves" in second.log_tail()
    with run_relay(tmp_path / "third.log", **environment) as third:
        wait_for(lambda: is_running(third), "A relay after the first")
