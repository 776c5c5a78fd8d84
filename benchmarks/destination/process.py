"""A contender's process: sends messages for some seconds, each time it is started."""

from __future__ import annotations

import argparse
import threading
import time
from contextlib import suppress

import django

from benchmarks.child import send, wait_for_start
from benchmarks.destination.cells import WARM_UP_SECONDS


def main() -> None:
    """Prepare, then work at each start and send what it took."""
    django.setup()
    from benchmarks.destination.contenders import WORKS  # noqa: PLC0415 - needs Django to be set up

    given = _arguments()
    work = WORKS[given.contender]()
    send(ready=True)
    with suppress(EOFError):  # the benchmark has ended
        while True:
            wait_for_start()
            # All processes of a machine share this clock.
            started = time.monotonic()
            clock = CpuClock(WARM_UP_SECONDS, given.seconds)
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=("pool", "relay"))
    parser.add_argument("seconds", type=float, help="seconds to work, with the warm-up")
    return parser.parse_args()


if __name__ == "__main__":
    main()
