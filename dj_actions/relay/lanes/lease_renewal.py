"""The renewal of the leases of a relay's lanes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.lanes.lanes import Lanes


class LeaseRenewal:
    """Renews the leases of busy lanes: only those of dead relays and stuck lanes expire.

    Args:
        lanes: the lanes of the relay.
        lease: seconds that a lease lasts.
        backoff: survives errors of the database.
    """

    def __init__(self, lanes: Lanes, *, lease: float, backoff: ErrorBackoff) -> None:
        self._lanes = lanes
        self._interval = lease / 3
        self._backoff = backoff
        self._ended = threading.Event()

    def run(self, *, on_stuck: Callable[[Lane], object] | None) -> None:
        """Renew them until `end` is called.

        Args:
            on_stuck: called with each lane that is stuck; it may replace it.
        """
        while not self._ended.wait(self._interval):
            for lane in self._lanes:
                self._backoff.run(lane.lease.renew)
                if on_stuck and lane.lease.is_stuck:
                    on_stuck(lane)

    def end(self) -> None:
        """End it: no lane holds a lease any more."""
        self._ended.set()
