"""The launchers can be interrupted, whatever signals the shell that started them ignores."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from example.launch.airflow_environment import ROOT
from example.launch.process import Process, wait_until

PROGRAM = """
import sys, time
from example.launch.process import raise_interrupts
raise_interrupts()
print("started", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
"""


@pytest.mark.parametrize(
    ("ignored", "sent"),
    [
        ("", [signal.SIGINT]),
        ("", [signal.SIGTERM]),
        ("", [signal.SIGHUP]),
        ("INT", [signal.SIGINT]),  # a background job
        ("INT HUP", [signal.SIGHUP, signal.SIGINT]),  # nohup … &
    ],
)
def test_a_signal_interrupts_them(tmp_path: Path, ignored: str, sent: list[int]) -> None:
    shell = ["sh", "-c", f"trap '' {ignored or 'USR1'}; exec \"$@\"", "sh"]
    command = [*shell, sys.executable, "-c", PROGRAM]
    with Process("launcher", command, log=tmp_path / "log", cwd=ROOT) as launcher:
        wait_until(lambda: "started" in launcher.log.read_text(), timeout=60, what="The launcher")
        for number in sent:
            launcher.send_signal(number)
        assert launcher.wait(timeout=60) == 130
    assert launcher.log.read_text().splitlines() == ["started", "interrupted"]
