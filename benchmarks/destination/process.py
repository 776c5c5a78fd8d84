"""A contender's process: sends messages for some seconds, each time it is started."""

from __future__ import annotations

import time

import django

from benchmarks.contender import run_contender
from benchmarks.destination.cells import WARM_UP_SECONDS


def main() -> None:
    """Work at each start."""
    django.setup()
    from benchmarks.destination.contenders import WORKS  # noqa: PLC0415 - needs Django to be set up

    # All processes of a machine share this clock.
    run_contender(WORKS, warm_up=WARM_UP_SECONDS, now=time.monotonic)


if __name__ == "__main__":
    main()
