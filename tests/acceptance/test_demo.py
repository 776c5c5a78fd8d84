"""The demonstration itself, as people start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from example.demo.client import TodoClient
from example.launch.airflow_environment import ROOT
from example.launch.process import Process
from example.launch.stack import ADMIN
from tests.acceptance.conftest import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow]

Demo = Callable[..., Process]
MAX_SECONDS = 600.0


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """Start the demonstration, with its temporary files in a folder of the test."""
    temporary = tmp_path / "t"
    temporary.mkdir()

    def start(*arguments: str, **variables: str) -> Process:
        outer = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment = {**outer, "TMPDIR": str(temporary), "DEMO_TEST": str(tmp_path), **variables}
        command = [sys.executable, "-m", "example.demo", *arguments]
        return Process("demo", command, log=tmp_path / "demo.log", env=environment, cwd=ROOT)

    return start


def programs_of(tmp_path: Path) -> list[str]:
    """Return what still runs of the programs that the demonstration has started."""
    mark = f"DEMO_TEST={tmp_path}".encode()
    folder = str(tmp_path / "t").encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended, or is not ours
        if mark in environment or folder in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def assert_no_trace(tmp_path: Path) -> None:
    assert programs_of(tmp_path) == []
    # uv keeps a lock file of its own for each project, with any caller.
    left = [path.name for path in (tmp_path / "t").iterdir() if not path.name.startswith("uv-")]
    assert left == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [pytest.param((), id="postgres"), pytest.param(("--db=sqlite",), id="sqlite")],
)
def test_it_meets_all_expectations_and_leaves_no_trace(
    demo: Demo, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    run = demo(*arguments)
    assert run.wait(timeout=MAX_SECONDS) == 0, run.log.read_text()
    text = run.log.read_text()
    assert "36 of 36 expectations were met." in text
    assert "NOT" not in text
    assert (
        "The way back: ann ran hand_over on todo 7 → run of todo_handed_over "
        "→ airflow ran remind on todo 7 → feeds"
    ) in text
    assert_no_trace(tmp_path)


@pytest.mark.parametrize(
    "moment", ["creating its tables", pytest.param("Acting as ann", marks=pytest.mark.slow)]
)
def test_ctrl_c_ends_it_and_leaves_no_trace(demo: Demo, tmp_path: Path, moment: str) -> None:
    run = demo()
    wait_for(lambda: moment in run.log.read_text(), moment)
    assert programs_of(tmp_path)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=MAX_SECONDS) == 130, run.log.read_text()
    assert "nothing is left running" in run.log.read_text()
    assert_no_trace(tmp_path)


def assert_commands_reach_what_is_served(addresses: str) -> None:
    """Do in a shell what the addresses say for a second terminal."""
    lines = addresses.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.strip().startswith(". ")]
    commands = "\n".join(lines[start : start + 2])
    done = subprocess.run(
        ["/bin/sh", "-c", commands], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "2 relays are running" in done.stdout, done


@pytest.mark.slow
def test_what_is_served_has_data_and_survives_a_killed_relay(demo: Demo, tmp_path: Path) -> None:
    run = demo("--serve")
    wait_for(lambda: "Ctrl-C" in run.log.read_text(), "The addresses")
    addresses = run.log.read_text()
    password = addresses.split("password ")[1].split(")")[0]
    web = addresses.split("Console  ")[1].split("/actions/")[0]
    events = TodoClient(base_url=web, username=ADMIN, password=password).events
    assert {event["status_code"] for event in events()} == {200, 403}
    assert_commands_reach_what_is_served(addresses)

    relay = int(addresses.split("relay-1: process ")[1].split(",")[0])
    os.kill(relay, signal.SIGKILL)
    wait_for(lambda: "relay-1 has ended with code -9" in run.log.read_text(), "The message")
    assert events()
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=MAX_SECONDS) == 0, run.log.read_text()
    assert_no_trace(tmp_path)


def test_a_database_that_cannot_be_reached_is_named_in_one_line(demo: Demo, tmp_path: Path) -> None:
    run = demo("--db=postgres://nobody@127.0.0.1:1/nothing")
    assert run.wait(timeout=MAX_SECONDS) == 1
    (line,) = [line for line in run.log.read_text().splitlines() if "Failed" in line]
    assert "PostgreSQL refused" in line
    assert_no_trace(tmp_path)
