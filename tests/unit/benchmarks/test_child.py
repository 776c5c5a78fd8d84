"""Child processes send lines, wait for the start, and end with their block."""

from __future__ import annotations

import os

import pytest

from benchmarks.child import ChildProcess
from benchmarks.errors import BenchmarkError

MODULE = "tests.unit.benchmarks.echo"


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_has_its_own_environment_and_continues_after_start() -> None:
    with ChildProcess(MODULE, environment={"GREETING": "hello"}) as child:
        assert child.read()["greeting"] == "hello"
        child.start()
        assert child.read() == {"started": True}


def test_a_child_that_fails_shows_why() -> None:
    with ChildProcess(MODULE, ["fail"], environment={}) as child:
        child.read()
        with pytest.raises(BenchmarkError, match=r"(?s)echo fail exited with 1.*Failed on request"):
            child.read()


def test_a_child_that_is_silent_is_killed() -> None:
    with ChildProcess(MODULE, environment={}) as child:
        child.read()
        with pytest.raises(BenchmarkError, match="exited with -9, or sent nothing within 0 s"):
            child.read(timeout=0.1)


def test_a_child_that_still_waits_ends_with_its_block() -> None:
    with ChildProcess(MODULE, environment={}) as child:
        process = child.read()["pid"]
    assert not is_running(process)


def test_a_child_ends_with_a_block_that_fails() -> None:
    child = ChildProcess(MODULE, environment={})
    process = child.read()["pid"]
    with pytest.raises(KeyboardInterrupt), child:
        raise KeyboardInterrupt
    assert not is_running(process)
