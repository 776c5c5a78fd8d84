"""A short storm; `make storm` runs the long one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from example.launch.airflow_environment import ROOT
from example.launch.process import Process

pytestmark = pytest.mark.postgres

DELIVERIES = 400


def test_after_kills_a_restart_and_bad_answers_each_committed_event_has_had_one_effect(
    tmp_path: Path,
) -> None:
    # A database and relays of its own: the suite's server must not be restarted.
    account = tmp_path / "account.json"
    command = [sys.executable, "-m", "tests.chaos", "--relays=2", "--seconds-limit=240"]
    command += [f"--deliveries={DELIVERIES}", f"--folder={tmp_path}", f"--output={account}"]
    with Process("storm", command, log=tmp_path / "storm.log", cwd=ROOT) as storm:
        assert storm.wait(timeout=300) == 0, storm.log.read_text()
    figures = json.loads(account.read_text())["figures"]
    assert figures["effects"] == figures["committed"] >= DELIVERIES
    # Else nothing was put to the test.
    assert figures["rolled back on purpose"] > 0
    assert figures["repeats suppressed by the destination"] > 0
    assert figures["relay killed (times)"] > 3
    assert figures["PostgreSQL restarted (times)"] == 1
