"""A short chaos test; `make chaos` runs the long one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from example.launch.airflow_environment import ROOT
from example.launch.process import Process

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("deliveries", [150, pytest.param(1000, marks=pytest.mark.slow)])
def test_after_kills_a_restart_and_bad_responses_each_committed_event_had_one_effect(
    tmp_path: Path, deliveries: int
) -> None:
    # A database and relays of its own: the suite's server must not be restarted.
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "tests.chaos", "--relays=2", "--seconds-limit=600"]
    command += [f"--deliveries={deliveries}", f"--folder={tmp_path}", f"--output={report}"]
    with Process("chaos", command, log=tmp_path / "chaos.log", cwd=ROOT) as chaos:
        assert chaos.wait(timeout=660) == 0, chaos.log.read_text()
    figures = json.loads(report.read_text())["figures"]
    assert figures["effects"] == figures["committed"] >= deliveries
    # Else nothing was put to the test.
    assert figures["rolled back on purpose"] > 0
    assert figures["repeats suppressed by the destination"] > 0
    assert figures["relay killed (times)"] > 3
    assert figures["PostgreSQL restarted (times)"] == 1
    assert figures["publisher paused (times)"] == 1
    assert figures["effects in order"] == figures["committed"]
