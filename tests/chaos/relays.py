"""Relay processes, `manage.py run_relay`, that are killed, frozen and restarted."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Self

from example.launch.airflow_environment import ROOT
from example.launch.process import LaunchError, Process

STOP_SECONDS = 30.0


class Relays:
    """Relays, numbered from 0, that run until the end of the `with` block.

    Args:
        count: number of relays.
        folder: folder for the logs, one per start of a relay.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._folder = folder
        self._starts: Counter[int] = Counter()
        self._resumes: list[threading.Timer] = []
        self.unexpected: list[str] = []
        """Messages about relays that exited by themselves, or did not stop."""
        self._processes = [self._start(number) for number in range(count)]

    def kill(self, number: int) -> None:
        """Kill a relay with SIGKILL and start a new one in its place."""
        process = self._processes[number]
        if process.returncode is not None:
            self._add_unexpected(process, f"exited by itself with code {process.returncode}")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=STOP_SECONDS)
        self._processes[number] = self._start(number)

    def freeze(self, number: int, seconds: float) -> None:
        """Stop a relay with SIGSTOP, and resume it after `seconds` in the background."""
        process = self._processes[number]
        process.send_signal(signal.SIGSTOP)
        resume = threading.Timer(seconds, process.send_signal, [signal.SIGCONT])
        resume.daemon = True
        resume.start()
        self._resumes.append(resume)

    def wait_until_resumed(self) -> None:
        """Wait until no relay is frozen."""
        for resume in self._resumes:
            resume.join()

    @property
    def have_started(self) -> bool:
        """Whether all relays have started."""
        return all("Relay started." in process.log.read_text() for process in self._processes)

    def stop(self) -> None:
        """Stop all relays gracefully, as a deployment does, and verify their exit codes."""
        for process in self._processes:
            process.request_stop()
        for process in self._processes:
            # Without Process.stop(): a second signal would exit immediately with another code.
            try:
                exit_code = process.wait(timeout=STOP_SECONDS)
            except LaunchError as error:
                self._add_unexpected(process, f"was stopped. {error}")
            else:
                if exit_code:
                    self._add_unexpected(process, f"was stopped; exit code {exit_code}")

    def _start(self, number: int) -> Process:
        self._starts[number] += 1
        return Process(
            f"relay {number}",
            [sys.executable, "-m", "django", "run_relay"],
            log=self._folder / f"relay-{number}-{self._starts[number]}.log",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
        )

    def _add_unexpected(self, process: Process, problem: str) -> None:
        self.unexpected.append(f"{process.name} {problem}.\n{process.log_tail()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for resume in self._resumes:
            resume.cancel()
        for process in self._processes:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            process.stop()
