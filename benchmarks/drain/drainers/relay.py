"""DJ Actions: a relay that drains the publisher that does nothing."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import django

from benchmarks.drain.counter import counter
from benchmarks.drain.drainers import Drain


@contextmanager
def open_relay() -> Iterator[Drain]:
    """Set up Django; a relay's threads connect themselves at each start."""
    django.setup()
    yield _drain


def _drain(limit: int | None) -> int:
    from dj_actions.relay.relay import Relay  # noqa: PLC0415 - needs Django to be set up

    gc.freeze()  # like the command
    neighbors = ["sleeping"] if os.environ.get("BENCHMARK_NEIGHBOR") else []
    relay = Relay(["noop", *(neighbors if limit else [])])
    counter.start(limit, relay.stop)
    relay.drain()
    return counter.jobs
