"""The heartbeat of a relay, for `manage.py relay_health` and the doctor."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterable
from functools import partial
from uuid import uuid4

from tenacity import wait_none

from dj_actions.models import RelayHeartbeat
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.process.delivery_counter import DeliveryCounter
from dj_actions.relay.tuning import LaneTuning


class Heartbeat:
    """Records periodically that a relay is alive, unless one of its lanes is stuck.

    As often it writes what the lanes have delivered.

    Args:
        lanes: the present lanes of the relay, which replaces stuck ones.
        counter: what they have delivered.
        stopping: set when the relay stops.
    """

    def __init__(
        self,
        lanes: Iterable[Lane],
        *,
        counter: DeliveryCounter,
        stopping: threading.Event,
        tuning: LaneTuning,
    ) -> None:
        self._lanes = lanes
        self._counter = counter
        self._stopping = stopping
        self._tuning = tuning

    def run(self) -> None:
        """Record heartbeats until the relay stops; then delete its row."""
        relay = uuid4()
        beat = partial(
            RelayHeartbeat.objects.record_heartbeat,
            relay,
            host=socket.gethostname(),
            pid=os.getpid(),
            publishers=sorted({lane.alias for lane in self._lanes}),
        )
        backoff = ErrorBackoff(
            task="record its heartbeat", stopping=self._stopping, wait=self._tuning.error_wait
        )
        # Without a wait after errors, which would make the relay look dead.
        counting = ErrorBackoff(
            task="count its deliveries", stopping=self._stopping, wait=wait_none()
        )
        retention = self._tuning.heartbeat_retention
        backoff.run(partial(RelayHeartbeat.objects.delete_stale, retention))
        while not self._stopping.is_set():
            if not any(lane.lease.is_stuck for lane in self._lanes):
                backoff.run(beat)
            counting.run(self._counter.flush)
            self._stopping.wait(self._tuning.heartbeat_interval)
        backoff.run(partial(RelayHeartbeat.objects.delete_heartbeat, relay))
