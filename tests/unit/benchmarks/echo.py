"""A child process of these tests: it does what its arguments say."""

from __future__ import annotations

import os
import sys

from benchmarks.child import say, wait_for_go


def main() -> None:
    """Say who this is; wait for go, or fail."""
    say(pid=os.getpid(), greeting=os.environ.get("GREETING"))
    if "fail" in sys.argv:
        raise RuntimeError("It was told to fail.")
    wait_for_go()
    say(went_on=True)


if __name__ == "__main__":
    main()
