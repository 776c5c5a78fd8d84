"""A Python child process that sends lines of JSON to this one."""

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

from benchmarks.errors import BenchmarkError

PROJECT = Path(__file__).resolve().parents[1]
RESPONSE_SECONDS = 600.0
STOP_SECONDS = 30.0
ERROR_LINES = 15


class ChildProcess:
    """A module that runs as a child process, which ends with the `with` block.

    Args:
        module: the module to run with `python -m`.
        arguments: its command-line arguments.
        environment: variables to add to the inherited environment.
        interpreter: the Python that runs it; the one of this process by default.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str],
        interpreter: str = sys.executable,
    ) -> None:
        self._name = " ".join((module, *arguments))
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the block
        self._popen = subprocess.Popen(
            [interpreter, "-m", module, *arguments],
            env={**os.environ, **environment},
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # Ctrl-C signals the parent only, which ends its children.
            start_new_session=True,
        )

    def read(self, *, timeout: float = RESPONSE_SECONDS) -> dict[str, Any]:
        """Return the next line that the child sends.

        Raises:
            BenchmarkError: the child ended, or sent nothing within `timeout` seconds and was
                killed.
        """
        timer = threading.Timer(timeout, self._popen.kill)
        timer.daemon = True  # an interrupted benchmark must not wait for it
        timer.start()
        try:
            line = self._output.readline()
        finally:
            timer.cancel()
        if not line:
            self._popen.wait()
            raise BenchmarkError(
                f"{self._name} exited with {self._popen.returncode}, or sent nothing within "
                f"{timeout:.0f} s.\n{self._error_tail()}"
            )
        values: dict[str, Any] = json.loads(line)
        return values

    def start(self) -> None:
        """Let the child continue after `wait_for_start()`."""
        assert self._popen.stdin is not None  # noqa: S101 - a pipe, see __init__
        self._popen.stdin.write("start\n")
        self._popen.stdin.flush()

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._popen.terminate()

    @property
    def _output(self) -> Any:
        return self._popen.stdout

    def _error_tail(self) -> str:
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
                self._shut_down()

    def _shut_down(self) -> None:
        try:
            # This closes the child's input, which ends wait_for_start().
            self._popen.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()


def send(**values: Any) -> None:
    """Send one line to the parent process."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def wait_for_start() -> None:
    """Wait in the child until the parent calls `start()`.

    Raises:
        EOFError: the parent ended.
    """
    if not sys.stdin.readline():
        raise EOFError("The benchmark ended before it started this process.")
