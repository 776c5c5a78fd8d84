"""The heartbeat of a relay, for `manage.py relay_health` and the doctor."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Collection
from functools import partial
from uuid import uuid4

from tenacity import wait_none

from dj_actions.models import RelayHeartbeat
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.process.delivery_counter import DeliveryCounter
from dj_actions.relay.tuning import RelayTuning


class Heartbeat:
    """Records periodically that a relay is alive, unless one of its lanes is stuck.

    As often it writes what the lanes have delivered.

    Args:
        publishers: those that the relay serves.
        is_stuck: returns whether one of its lanes is stuck.
        counter: what they have delivered.
        stopping: set when the relay stops.
    """

    def __init__(
        self,
        publishers: Collection[str],
        *,
        is_stuck: Callable[[], bool],
        counter: DeliveryCounter,
        stopping: threading.Event,
        tuning: RelayTuning,
    ) -> None:
        self._publishers = sorted(publishers)
        self._is_stuck = is_stuck
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
            publishers=self._publishers,
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
            if not self._is_stuck():
                backoff.run(beat)
            counting.run(self._counter.flush)
            self._stopping.wait(self._tuning.heartbeat_interval)
        backoff.run(partial(RelayHeartbeat.objects.delete_heartbeat, relay))
