"""Run a program: wait until it is ready, and stop it with all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Self

STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15


class LaunchError(Exception):
    """A program could not be started; the message has its name, the reason and its log."""


def raise_interrupts() -> None:
    """Let SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, so that what was started is stopped.

    SIGINT too: shells start background jobs with SIGINT ignored, and so would be our children. A
    SIGHUP that is inherited as ignored stays ignored: `nohup` requests that.
    """

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupt)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is currently free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], *, timeout: float, what: str) -> None:
    """Poll `ready` until it returns True; raise LaunchError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise LaunchError(f"{what} was not ready after {timeout:.0f} s.")
        time.sleep(POLL_SECONDS)


def accepts_connections(port: int) -> bool:
    """Return whether a program accepts connections at `port` of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Stoppable(ABC):
    """A running program that stops at the end of its `with` block."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the program."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Process(Stoppable):
    """A program with a name, its own process group and a log file.

    Args:
        name: its name in messages.
        command: the program and its arguments.
        log: file for its output.
        env: its environment; inherited by default.
        cwd: its working directory; inherited by default.
        user: name of the user to run it as; requires root.
        stop_signal: the signal that requests a graceful stop.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        stop_signal: int = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [str(part) for part in command],
                env=dict(os.environ if env is None else env),
                cwd=cwd,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Its own group: Ctrl-C in the terminal signals only this process, which
                # stops its programs in the right order, with their children.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or None while the program runs."""
        return self._popen.poll()

    def wait_until_ready(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """Wait for `ready`; raise LaunchError as soon as the program exits."""

        def ready_or_exited() -> bool:
            return self.returncode is not None or ready()

        try:
            wait_until(ready_or_exited, timeout=timeout, what=self.name)
        except LaunchError as error:
            raise LaunchError(f"{error}\n{self.log_tail()}") from None
        if self.returncode is not None:
            raise LaunchError(f"{self.name} exited with code {self.returncode}.\n{self.log_tail()}")

    def wait(self, *, timeout: float) -> int:
        """Return the exit code; raise LaunchError after `timeout` seconds."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LaunchError(f"{self.name} did not exit within {timeout:.0f} s.") from None

    def send_signal(self, number: int) -> None:
        """Send a signal to the program itself, not to its children."""
        self._popen.send_signal(number)

    def request_stop(self) -> None:
        """Request a graceful stop without waiting; `stop` waits."""
        if self.returncode is None:
            self.send_signal(self._stop_signal)

    def log_tail(self) -> str:
        """Return the last lines of the program's output, for an error message."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {self.name}: {line}" for line in lines[-LOG_TAIL_LINES:])

    def stop(self, *, timeout: float = STOP_SECONDS) -> None:
        """Request a graceful stop, then kill the rest of the process group."""
        if self.returncode is None:
            self.request_stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
