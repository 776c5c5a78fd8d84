"""A contender's process: triggers runs for some seconds, each time it is started."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress

import django

from benchmarks.airflow.cells import WARM_UP_SECONDS
from benchmarks.child import send, wait_for_start
from benchmarks.destination.process import CpuClock


def main() -> None:
    """Prepare, then work at each start and send what it took."""
    django.setup()
    from benchmarks.airflow.contenders import WORKS  # noqa: PLC0415 - needs Django to be set up

    given = _arguments()
    work = WORKS[given.contender]()
    send(ready=True)
    with suppress(EOFError):  # the benchmark has ended
        while True:
            wait_for_start()
            started = time.time()  # the clock of Airflow, on the same machine
            clock = CpuClock(WARM_UP_SECONDS, given.seconds)
            work(given.seconds)
            send(started=started, cpu_seconds=clock.seconds())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=("client", "relay"))
    parser.add_argument("seconds", type=float, help="seconds to work, with the warm-up")
    return parser.parse_args()


if __name__ == "__main__":
    main()
