"""The contenders: a bare thread pool, and a relay."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from benchmarks.contender import Work
from benchmarks.destination.client import post
from benchmarks.destination.publisher import body_of
from benchmarks.relay import run_relay
from benchmarks.request.over_http import HttpTransport
from benchmarks.turns import Contender
from dj_actions.conf import get_settings
from dj_actions.models import Delivery
from dj_actions.relay.delivering.messages import message_of
from dj_actions.relay.process.capacity import lanes_of

ALIAS = "destination"
"""The publisher in the settings."""

MAX_MESSAGES = 1_000_000

POOL = Contender(name="pool", title="thread pool")
RELAY = Contender(name="relay", title="DJ Actions")
CONTENDERS = (POOL, RELAY)


def open_pool() -> Work:
    """Read the bodies of all pending deliveries, to send them by a pool of CONCURRENCY threads."""
    settings = get_settings()
    publisher, lanes = settings.publishers[ALIAS], lanes_of(ALIAS, settings)
    claimed = Delivery.objects.claim(ALIAS, limit=MAX_MESSAGES, lease=settings.lease)
    bodies = [body_of(message_of(delivery)) for delivery in claimed]
    gc.freeze()

    def work(seconds: float) -> None:
        remaining, end = iter(bodies), time.monotonic() + seconds
        with ThreadPoolExecutor(lanes) as pool:
            futures = [
                pool.submit(_send_until, end, remaining, publisher.options) for _ in range(lanes)
            ]
        for future in futures:
            future.result()

    return work


def _send_until(end: float, bodies: Iterator[bytes], options: Mapping[str, Any]) -> None:
    path = options["path"]
    with closing(HttpTransport(options["port"])) as transport:
        for body in bodies:
            post(transport, path, body)
            if time.monotonic() >= end:
                return


def open_relay() -> Work:
    """Deliver what is pending by a relay."""
    gc.freeze()  # like the command
    return run_relay


WORKS: Mapping[str, Callable[[], Work]] = {POOL.name: open_pool, RELAY.name: open_relay}
"""Name of a contender → prepares its process."""
