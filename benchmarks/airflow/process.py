"""A contender's process: triggers runs for some seconds, each time it is started."""

from __future__ import annotations

import time

import django

from benchmarks.airflow.cells import WARM_UP_SECONDS
from benchmarks.contender import run_contender


def main() -> None:
    """Work at each start."""
    django.setup()
    from benchmarks.airflow.contenders import WORKS  # noqa: PLC0415 - needs Django to be set up

    # The clock of Airflow, on the same machine.
    run_contender(WORKS, warm_up=WARM_UP_SECONDS, now=time.time)


if __name__ == "__main__":
    main()
