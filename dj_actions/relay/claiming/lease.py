"""The lease under which a lane holds a batch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from dj_actions.models import Delivery
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning


class Lease:
    """What a lane holds at the moment; the relay renews it from another thread.

    Args:
        seconds: how long it lasts without a renewal.
    """

    def __init__(self, seconds: float, tuning: RelayTuning = DEFAULT_TUNING) -> None:
        self.token: UUID | None = None
        """The lease token of the batch in progress."""
        self._seconds = seconds
        self._stuck_after = tuning.stuck_after_leases * seconds
        self._held_since = 0.0

    @contextmanager
    def hold(self, token: UUID) -> Iterator[None]:
        """Hold a lease while the block delivers its batch."""
        self._held_since, self.token = time.monotonic(), token
        try:
            yield
        finally:
            self.token = None

    def renew(self) -> None:
        """Prolong the lease, unless the lane is idle or stuck."""
        token = self.token
        if token and not self.is_stuck:
            Delivery.objects.renew(token, lease=self._seconds)

    @property
    def is_stuck(self) -> bool:
        """Whether the publisher has been busy with one batch for far too long."""
        return self.token is not None and time.monotonic() - self._held_since >= self._stuck_after
