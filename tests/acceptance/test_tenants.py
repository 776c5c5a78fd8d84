"""django-tenants: one schema per tenant, and a relay for each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from example.launch.airflow_environment import ROOT
from example.launch.postgres import create_database, drop_database
from example.launch.process import Process
from tests.acceptance.conftest import wait_for

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database with two tenants, each of which has one delivery."""
    server = os.environ["DATABASE_URL"]
    name = f"tenants_{os.getpid()}"
    url = create_database(server, name)
    try:
        seeded = run(url, "tests.tenants.seed")
        assert seeded.returncode == 0, seeded.stderr
        yield url
    finally:
        drop_database(server, name)


def environment(url: str, file: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.tenants.settings",
        "TEST_FILE": str(file),
    }


def run(
    url: str, module: str, *arguments: str, file: Path = Path(os.devnull)
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command,
        env=environment(url, file),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def states(url: str) -> dict[str, str]:
    """Return the state of the delivery of each tenant."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT 'one', state FROM one.dj_actions_delivery "
            "UNION SELECT 'two', state FROM two.dj_actions_delivery"
        )
        return dict(found.fetchall())


def test_a_relay_serves_the_tenant_for_which_it_was_started(url: str, tmp_path: Path) -> None:
    drained = run(
        url,
        "django",
        "tenant_command",
        "run_relay",
        "--drain",
        "--schema=one",
        file=tmp_path / "one",
    )
    assert drained.returncode == 0, drained.stderr
    assert "pending" not in drained.stderr
    assert states(url) == {"one": "delivered", "two": "pending"}

    command = [sys.executable, "-m", "django", "tenant_command", "run_relay", "--schema=two"]
    log = tmp_path / "relay.log"
    with Process(
        "relay", command, log=log, env=environment(url, tmp_path / "two"), cwd=ROOT
    ) as relay:
        wait_for(lambda: states(url)["two"] == "delivered", "The other tenant")
        health = run(url, "django", "tenant_command", "relay_health", "--schema=two")
        assert health.returncode == 0, health.stdout
    lines = [line for line in relay.log.read_text().splitlines() if " delivered, " not in line]
    assert lines == [
        "Relay started.",
        "Relay is stopping: finishing the messages in flight.",
        "Relay stopped.",
    ]
