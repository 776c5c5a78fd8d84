"""One contender in a process of its own: get warm, wait, empty the backlog, say how it went."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from benchmarks.child import say, wait_for_go
from benchmarks.drain.drainers import DRAINERS, open_drainer

STATUS = Path("/proc/self/status")


def main() -> None:
    """Drain twice: what is there for warming up, and, once told so, what is measured."""
    given = _arguments()
    with open_drainer(given.contender) as drain:
        say(jobs=drain(given.warm_up_limit))
        wait_for_go()
        # The clock of all processes of a machine, so that those of several can be compared.
        started = time.monotonic()
        jobs = drain(given.limit)
        ended = time.monotonic()
        say(
            jobs=jobs, seconds=ended - started, peak_rss_mb=peak_rss_mb(),
            started=started, ended=ended,
        )  # fmt: skip


def peak_rss_mb() -> float:
    """Return the most memory this process has had, in MiB."""
    if STATUS.exists():
        # Not `ru_maxrss`: Linux lets a process inherit that of the one that started it.
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=DRAINERS)
    parser.add_argument("--warm-up-limit", type=int)
    parser.add_argument("--limit", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    main()
