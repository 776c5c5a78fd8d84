"""A child process that sends its environment, and fails if it has the argument `fail`."""

from __future__ import annotations

import os
import sys

from benchmarks.child import send, wait_for_start


def main() -> None:
    """Send a line, then wait for the start, or fail."""
    send(pid=os.getpid(), greeting=os.environ.get("GREETING"))
    if "fail" in sys.argv:
        raise RuntimeError("Failed on request.")
    wait_for_start()
    send(started=True)


if __name__ == "__main__":
    main()
