"""The quick start of README.md, executed as it is printed, in an empty folder.

Only two things differ: the virtual environment exists already, with the wheel of this checkout;
and the server gets a port that is free.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from example.launch.process import Process, accepts_connections, free_port
from tests.packaging.commands import ROOT, outer_environment, run
from tests.sessions import Step

SECTION = (ROOT / "README.md").read_text().split("\n## Quick start\n")[1].split("\n## ")[0]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
ENVIRONMENT = re.compile(r"^(python3 -m venv|pip install|\. \.venv).*\n", re.MULTILINE)
SERVER = "python manage.py runserver"
PORT = "8000"

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="needs curl, as the README does")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of the section."""

    language: str
    text: str


def blocks() -> Iterator[Block]:
    """Yield the blocks of the section, in order."""
    for found in FENCE.finditer(SECTION):
        yield Block(language=found["language"], text=found["text"])


class Reader:
    """A person who follows the section in an empty folder.

    Args:
        folder: the folder.
        binaries: folder of the programs of the virtual environment.
    """

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._path = f"{binaries}:{os.environ['PATH']}"
        self.server: Process | None = None
        self.printed = ""

    def follow(self, block: Block) -> None:
        """Write a Python block to its file, execute a Bash block, or compare the output."""
        if block.language == "python":
            self._write(block.text)
        elif block.language == "bash":
            self._execute(ENVIRONMENT.sub("", block.text).replace(PORT, str(self._port)))
        else:
            assert Step(command="", output=block.text).is_shown_within(self.printed), self.printed

    def _write(self, text: str) -> None:
        heading = text.partition("\n")[0]
        found = re.fullmatch(r"# (\S+\.py)(: append this| - .*)?", heading)
        assert found, f"{heading!r} names no file"
        mode = "a" if found[2] == ": append this" else "w"
        with (self._folder / found[1]).open(mode) as file:
            file.write(f"\n{text}")

    def _execute(self, script: str) -> None:
        before, server, after = script.partition(SERVER)
        self._bash(before)
        if server:
            assert not after.strip()
            self._serve()

    def _bash(self, script: str) -> None:
        done = run("bash", "-eu", "-c", script, cwd=self._folder, env={"PATH": self._path})
        assert done.returncode == 0, done.stderr
        self.printed = done.stdout

    def _serve(self) -> None:
        command = ["bash", "-c", f"exec {SERVER} {self._port} --noreload"]
        log = self._folder / "server.log"
        environment = {**outer_environment(), "PATH": self._path}
        self.server = Process("server", command, log=log, env=environment, cwd=self._folder)
        self.server.wait_until_ready(lambda: accepts_connections(self._port), timeout=60)


@pytest.fixture
def reader(tmp_path: Path, python: Path) -> Iterator[Reader]:
    """A person with an empty folder."""
    reader = Reader(tmp_path, python.parent)
    yield reader
    if reader.server:
        reader.server.stop()


def test_it_leads_from_an_empty_folder_to_a_delivered_event(reader: Reader) -> None:
    followed = list(blocks())
    assert [block.language for block in followed].count("python") >= 7
    for block in followed:
        reader.follow(block)
    assert '"action": "todo.mark_done"' in reader.printed
