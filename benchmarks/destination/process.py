"""A contender's process: sends messages for some seconds, each time it is started."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress

import django

from benchmarks.child import send, wait_for_start


def main() -> None:
    """Prepare, then work at each start and send what it took."""
    django.setup()
    from benchmarks.destination.contenders import WORKS  # noqa: PLC0415 - needs Django to be set up

    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=WORKS)
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    work = WORKS[given.contender]()
    send(ready=True)
    with suppress(EOFError):  # the benchmark has ended
        while True:
            wait_for_start()
            # All processes of a machine share this clock.
            started, cpu_seconds = time.monotonic(), time.process_time()
            work(given.seconds)
            send(started=started, cpu_seconds=time.process_time() - cpu_seconds)


if __name__ == "__main__":
    main()
