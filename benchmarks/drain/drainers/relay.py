"""DJ Actions: one relay that drains the publisher that does nothing."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import django

from benchmarks.drain.drainers import Drain
from benchmarks.drain.tally import tally


@contextmanager
def open_relay() -> Iterator[Drain]:
    """Set Django up; a relay's threads connect by themselves, each time they are started."""
    django.setup()
    yield _drain


def _drain(limit: int | None) -> int:
    from dj_actions.relay.relay import Relay  # noqa: PLC0415 - needs Django to be set up

    gc.freeze()  # as the command does
    neighbours = ["sleeping"] if os.environ.get("BENCHMARK_NEIGHBOUR") else []
    relay = Relay(["nothing", *(neighbours if limit else [])])
    tally.begin(limit, relay.stop)
    relay.drain()
    return tally.jobs
