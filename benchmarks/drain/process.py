"""A candidate's process: warm up, wait for the start, drain the backlog, report the result."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from benchmarks.child import send, wait_for_start
from benchmarks.drain.counter import counter
from benchmarks.drain.drainers import DRAINERS, open_drainer

STATUS = Path("/proc/self/status")


def main() -> None:
    """Drain the warm-up jobs, wait for the start, then drain the measured jobs."""
    given = _arguments()
    with open_drainer(given.candidate) as drain:
        send(jobs=drain(given.warm_up_limit))
        wait_for_start()
        jobs = drain(given.limit)
        # All processes of a machine share this clock, so their times can be compared.
        ended = time.monotonic()
        # From the first job, as some candidates connect within the drain, which would make a
        # short one look slower.
        started = ended if counter.first_at is None else counter.first_at
        send(jobs=jobs, peak_rss_mb=peak_rss_mb(), started=started, ended=ended)


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
