"""What the destination has received, and how much of it per second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection
from typing import NamedTuple

from benchmarks.destination.backlog import DeliveryError
from benchmarks.destination.server import RECEIVED

TIMEOUT_SECONDS = 30.0


class Arrival(NamedTuple):
    """A message that was received."""

    id: str
    at: float
    """Seconds of the machine's monotonic clock."""


def take_received(port: int) -> list[Arrival]:
    """Return what the server has received since the last call."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", RECEIVED)
    arrivals = [Arrival(*entry) for entry in json.loads(connection.getresponse().read())]
    connection.close()
    return arrivals


def require_once(arrivals: Sequence[Arrival], *, available: int) -> None:
    """Raise unless each message was received once, and some were left.

    Args:
        arrivals: what was received.
        available: how many messages there were.

    Raises:
        DeliveryError: one was received twice, or there were too few.
    """
    repeated = len(arrivals) - len({arrival.id for arrival in arrivals})
    if repeated:
        raise DeliveryError(f"Of {len(arrivals)} messages, {repeated} were received again.")
    if len(arrivals) >= available:
        raise DeliveryError(
            f"All {available} messages were sent before the time was over: use fewer --seconds."
        )


def rate_between(arrivals: Sequence[Arrival], start: float, end: float) -> float:
    """Return how many messages per second were received between two times."""
    return sum(start <= arrival.at < end for arrival in arrivals) / (end - start)
