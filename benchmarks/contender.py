"""The process of a contender: it works for some seconds each time that it is started."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from benchmarks.child import send, wait_for_start

Work = Callable[[float], None]
"""Sends messages for a number of seconds."""


def run_contender(
    works: Mapping[str, Callable[[], Work]], *, warm_up: float, now: Callable[[], float]
) -> None:
    """Prepare, then work at each start and send what it took.

    Args:
        works: name of a contender → prepares its process.
        warm_up: seconds of each turn that do not count.
        now: the clock by which what was sent is counted.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=tuple(works))
    parser.add_argument("seconds", type=float, help="seconds to work, with the warm-up")
    given = parser.parse_args()
    work = works[given.contender]()
    send(ready=True)
    with suppress(EOFError):  # the benchmark has ended
        while True:
            wait_for_start()
            started = now()
            clock = CpuClock(warm_up, given.seconds)
            work(given.seconds)
            send(started=started, cpu_seconds=clock.seconds())


class CpuClock:
    """Measures the CPU time of this process, on a thread of its own.

    Args:
        start: seconds from now when it begins.
        end: seconds from now when it ends.
    """

    def __init__(self, start: float, end: float) -> None:
        self._readings: list[float] = []
        self._timers = [threading.Timer(seconds, self._read) for seconds in (start, end)]
        for timer in self._timers:
            timer.start()

    def seconds(self) -> float:
        """Wait for the end, and return the CPU seconds."""
        for timer in self._timers:
            timer.join()
        start, end = self._readings
        return end - start

    def _read(self) -> None:
        self._readings.append(time.process_time())
