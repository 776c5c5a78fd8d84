"""How long a lane rests between two polls."""

from __future__ import annotations

import math
import threading
import time

from dj_actions.conf import Settings
from dj_actions.models import Delivery
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning


class Polling:
    """Decides when a lane polls again, and lets it wait until then.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay stops.
        listening: set while notifications of new deliveries reach the relay.
    """

    def __init__(
        self,
        alias: str,
        settings: Settings,
        *,
        stopping: threading.Event,
        listening: threading.Event,
        tuning: RelayTuning = DEFAULT_TUNING,
    ) -> None:
        self._alias = alias
        self._interval = settings.poll_interval
        self._max_interval = min(
            self._interval * tuning.idle_poll_factor,
            max(self._interval, tuning.rescue_interval_for(settings.lease)),
        )
        self._listening = listening
        self._tuning = tuning
        self._woken = threading.Event()
        self._woken_at = -math.inf
        self._busy_at = -math.inf
        self._backoff = ErrorBackoff(
            task=f"find out when the next delivery to {alias} is due",
            stopping=stopping,
            wait=tuning.error_wait,
        )

    def wake(self) -> None:
        """End the wait: there may be new deliveries, or the relay stops."""
        self._woken.set()

    def record_work(self) -> None:
        """Poll often for a while: more deliveries may follow."""
        self._busy_at = time.monotonic()

    def wait(self, *, use_due_time: bool) -> None:
        """Wait for the next poll, see `seconds`."""
        if self._woken.wait(self.seconds(use_due_time=use_due_time)):
            self._woken.clear()
            self._woken_at = time.monotonic()

    def seconds(self, *, use_due_time: bool) -> float:
        """Return the seconds until the next poll.

        Args:
            use_due_time: whether the database may be queried for the time at which the next
                delivery is due; it is, while notifications report all others.
        """
        now = time.monotonic()
        if now - self._busy_at < self._tuning.busy_window:
            return min(self._tuning.busy_poll_interval, self._interval)
        if now - self._woken_at < self._tuning.notify_min_interval:
            # Another lane may have claimed it, and notifications are coalesced, so poll once more.
            return min(self._tuning.notify_min_interval, self._interval)
        if not (use_due_time and self._listening.is_set()):
            return self._interval
        return self._backoff.run(self._seconds_until_due) or self._interval

    def _seconds_until_due(self) -> float:
        """Return the seconds until a delivery is due, within the maximum interval."""
        due_in = Delivery.objects.due_in(self._alias)
        return self._max_interval if due_in is None else max(0.0, min(due_in, self._max_interval))
