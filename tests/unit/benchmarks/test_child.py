"""Child processes answer with lines, wait to be told, and do not outlive their block."""

from __future__ import annotations

import os

import pytest

from benchmarks.child import Child
from benchmarks.errors import NoFigure

MODULE = "tests.unit.benchmarks.echo"


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_has_an_environment_of_its_own_and_goes_on_when_told() -> None:
    with Child(MODULE, environment={"GREETING": "hello"}) as child:
        assert child.hear()["greeting"] == "hello"
        child.go()
        assert child.hear() == {"went_on": True}


def test_a_child_that_fails_shows_why() -> None:
    with Child(MODULE, ["fail"], environment={}) as child:
        child.hear()
        with pytest.raises(NoFigure, match=r"(?s)echo fail ended with 1.*It was told to fail"):
            child.hear()


def test_a_child_that_is_silent_is_killed() -> None:
    with Child(MODULE, environment={}) as child:
        child.hear()
        with pytest.raises(NoFigure, match="ended with -9, or was silent for 0 s"):
            child.hear(timeout=0.1)


def test_a_child_that_still_waits_ends_with_its_block() -> None:
    with Child(MODULE, environment={}) as child:
        process = child.hear()["pid"]
    assert not runs(process)


def test_a_child_ends_with_a_block_that_fails() -> None:
    child = Child(MODULE, environment={})
    process = child.hear()["pid"]
    with pytest.raises(KeyboardInterrupt), child:
        raise KeyboardInterrupt
    assert not runs(process)
