"""A candidate's process: warm up, wait for the start, drain the backlog, report the result."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from benchmarks.child import send, wait_for_start
from benchmarks.drain.drainers import DRAINERS, open_drainer

STATUS = Path("/proc/self/status")


def main() -> None:
    """Drain the warm-up jobs, wait for the start, then drain the measured jobs."""
    given = _arguments()
    with open_drainer(given.candidate) as drain:
        send(jobs=drain(given.warm_up_limit))
        wait_for_start()
        # All processes of a machine share this clock, so their times can be compared.
        started = time.monotonic()
        jobs = drain(given.limit)
        ended = time.monotonic()
        send(
            jobs=jobs, seconds=ended - started, peak_rss_mb=peak_rss_mb(),
            started=started, ended=ended,
        )  # fmt: skip


def peak_rss_mb() -> float:
    """Return the peak memory of this process in MiB."""
    if STATUS.exists():
        # Not `ru_maxrss`: on Linux, a process inherits the value of its parent.
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("candidate", choices=DRAINERS)
    parser.add_argument("--warm-up-limit", type=int)
    parser.add_argument("--limit", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    main()
