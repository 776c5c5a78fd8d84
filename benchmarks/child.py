"""A child process with an interpreter of its own that answers with lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.errors import NoFigure

PROJECT = Path(__file__).resolve().parents[1]
ANSWER_SECONDS = 600.0
STOP_SECONDS = 30.0
ERROR_LINES = 15


class Child:
    """A module that runs as a program; end it by leaving the `with` block.

    Args:
        module: what `python -m` is to run.
        arguments: of its command line.
        environment: what its environment has beside ours.
    """

    def __init__(
        self, module: str, arguments: Sequence[str] = (), *, environment: Mapping[str, str]
    ) -> None:
        self._name = " ".join((module, *arguments))
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the block
        self._popen = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # A Ctrl-C reaches only us, and we end our children.
            start_new_session=True,
        )

    def hear(self, *, timeout: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Return its next line.

        Raises:
            NoFigure: it ended, or was silent for `timeout` seconds and so was killed.
        """
        timer = threading.Timer(timeout, self._popen.kill)
        timer.start()
        try:
            line = self._output.readline()
        finally:
            timer.cancel()
        if not line:
            self._popen.wait()
            raise NoFigure(
                f"{self._name} ended with {self._popen.returncode}, or was silent for "
                f"{timeout:.0f} s.\n{self._last_errors()}"
            )
        said: dict[str, Any] = json.loads(line)
        return said

    def go(self) -> None:
        """Let it go on: it waits for a line."""
        assert self._popen.stdin is not None  # noqa: S101 - it is a pipe, see above
        self._popen.stdin.write("go\n")
        self._popen.stdin.flush()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        self._popen.terminate()

    @property
    def _output(self) -> Any:
        return self._popen.stdout

    def _last_errors(self) -> str:
        self._errors.seek(0)
        return "\n".join(self._errors.read().splitlines()[-ERROR_LINES:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._popen, self._errors:
            if kind is not None:
                self._popen.kill()
            else:
                self._end_politely()

    def _end_politely(self) -> None:
        try:
            # Its input ends here, so that one that waits for a line does not wait for ever.
            self._popen.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()


def say(**values: Any) -> None:
    """In the child: answer with one line."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def wait_for_go() -> None:
    """In the child: wait until the other side says so.

    Raises:
        EOFError: the other side has gone.
    """
    if not sys.stdin.readline():
        raise EOFError("The benchmark has ended without saying go.")
