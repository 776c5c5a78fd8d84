"""The relays: `manage.py run_relay` as processes of their own, killed and started again."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from example.launch.airflow_environment import ROOT
from example.launch.process import LaunchError, Process

STOP_SECONDS = 30.0


class Relays:
    """Some relays, numbered from 0; leaving the `with` block ends them.

    Args:
        count: how many.
        folder: takes a log for each start of each.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._folder = folder
        self._starts: Counter[int] = Counter()
        self._thaws: list[threading.Timer] = []
        self.unexpected: list[str] = []
        """Relays that ended by themselves, or would not end when asked to."""
        self._processes = [self._start(number) for number in range(count)]

    def kill(self, number: int) -> None:
        """End a relay as a power cut would, and start another in its place."""
        process = self._processes[number]
        if process.returncode is not None:
            self._complain(process, f"ended by itself with exit code {process.returncode}")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=STOP_SECONDS)
        self._processes[number] = self._start(number)

    def freeze(self, number: int, seconds: float) -> None:
        """Let a relay stand still for so long, without waiting for it."""
        process = self._processes[number]
        process.send_signal(signal.SIGSTOP)
        thaw = threading.Timer(seconds, process.send_signal, [signal.SIGCONT])
        thaw.daemon = True
        thaw.start()
        self._thaws.append(thaw)

    def wait_until_awake(self) -> None:
        """Wait until none is frozen any more."""
        for thaw in self._thaws:
            thaw.join()

    @property
    def have_begun(self) -> bool:
        """Whether all of them are at work."""
        return all("Relay started." in process.log.read_text() for process in self._processes)

    def stop(self) -> None:
        """Ask all to end, as a deploy does, and see that they do."""
        for process in self._processes:
            process.request_stop()
        for process in self._processes:
            # Only waited for: a second signal would end it at once, with another exit code.
            try:
                exit_code = process.wait(timeout=STOP_SECONDS)
            except LaunchError as error:
                self._complain(process, f"was asked to end. {error}")
            else:
                if exit_code:
                    self._complain(process, f"was asked to end; exit code {exit_code}")

    def _start(self, number: int) -> Process:
        self._starts[number] += 1
        return Process(
            f"relay {number}",
            [sys.executable, "-m", "django", "run_relay"],
            log=self._folder / f"relay-{number}-{self._starts[number]}.log",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
        )

    def _complain(self, process: Process, what: str) -> None:
        self.unexpected.append(f"{process.name} {what}.\n{process.log_tail()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thaw in self._thaws:
            thaw.cancel()
        for process in self._processes:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            process.stop()
