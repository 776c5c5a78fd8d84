"""One program we started: wait until it is ready, stop it with all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15


class LaunchError(Exception):
    """A program could not be started; the message says which, why, and where its log lies."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], *, timeout: float, what: str) -> None:
    """Ask `ready` until it is true; raise LaunchError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise LaunchError(f"{what} was not ready after {timeout:.0f} s.")
        time.sleep(POLL_SECONDS)


def accepts_connections(port: int) -> bool:
    """Tell whether something on 127.0.0.1 accepts connections at `port`."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Process:
    """A program with a name, an own process group and a log file.

    Args:
        name: what to call it in messages.
        command: the program and its arguments.
        log: file that takes what it prints.
        env: its environment; ours by default.
        cwd: its working directory; ours by default.
        user: name of the user to run it as, where we are root.
        stop_signal: what asks it to end.
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
                # An own group: a Ctrl-C in the terminal reaches only us, and we stop
                # our programs in the right order, children included.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the process, which is also the id of its group."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or None while the program runs."""
        return self._popen.poll()

    def wait_until_ready(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """Wait for `ready`; raise LaunchError at once if the program ends before."""

        def ready_or_ended() -> bool:
            return self.returncode is not None or ready()

        try:
            wait_until(ready_or_ended, timeout=timeout, what=self.name)
        except LaunchError as error:
            raise LaunchError(f"{error}\n{self.log_tail()}") from None
        if self.returncode is not None:
            raise LaunchError(
                f"{self.name} ended with exit code {self.returncode}.\n{self.log_tail()}"
            )

    def wait(self, *, timeout: float) -> int:
        """Return the exit code; raise LaunchError when it takes over `timeout` seconds."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LaunchError(f"{self.name} did not end within {timeout:.0f} s.") from None

    def send_signal(self, number: int) -> None:
        """Send a signal to the program itself, not to its children."""
        self._popen.send_signal(number)

    def ask_to_end(self) -> None:
        """Send the signal that asks it to end; `stop` waits for that."""
        if self.returncode is None:
            self.send_signal(self._stop_signal)

    def log_tail(self) -> str:
        """Return the last lines the program printed, for an error message."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {self.name}: {line}" for line in lines[-LOG_TAIL_LINES:])

    def stop(self, *, timeout: float = STOP_SECONDS) -> None:
        """Ask the program to end, then end what is left of its group with SIGKILL."""
        if self.returncode is None:
            self.ask_to_end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
