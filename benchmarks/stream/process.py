"""A relay process: warm up, wait for the start, drain the deliveries of one publisher."""

from __future__ import annotations

import gc
import sys
import time

import django

from benchmarks.child import send, wait_for_start


def main() -> None:
    """Drain what is pending, wait for the start, drain again, and send how long that took."""
    django.setup()
    from dj_actions.relay.relay import Relay  # noqa: PLC0415 - needs Django to be set up

    gc.freeze()  # like the command
    alias = sys.argv[1]
    Relay([alias]).drain()
    send(ready=True)
    wait_for_start()
    started = time.monotonic()
    Relay([alias]).drain()
    send(seconds=time.monotonic() - started)


if __name__ == "__main__":
    main()
