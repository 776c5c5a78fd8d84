"""A lane: one thread of a relay that serves one publisher, and nothing else."""

from __future__ import annotations

import logging
import threading
import time
from uuid import UUID

from dj_actions.breaker import Breaker
from dj_actions.conf import PublisherSettings, Settings
from dj_actions.database import TROUBLE, forget_connections, patiently
from dj_actions.delivery import Batch, deliver
from dj_actions.exceptions import InvalidSetting, PublisherMisconfigured
from dj_actions.maintenance import rescue
from dj_actions.models import Delivery
from dj_actions.publishers import publishers

logger = logging.getLogger(__name__)

WAIT_AFTER_ERROR = 1.0
"""Seconds before a lane that has lost the database, or met the unexpected, tries again."""

MOST_LEASES = 10
"""How many leases long a batch may take before others may take it over: its publisher hangs."""


class Lane:
    """Claims, delivers and settles the deliveries of one publisher.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay wants to end.
    """

    def __init__(self, alias: str, settings: Settings, stopping: threading.Event) -> None:
        self.alias = alias
        self.token: UUID | None = None
        """The lease under which it holds deliveries at this moment."""
        self._settings = settings
        self._own: PublisherSettings = settings.publishers[alias]
        self._stopping = stopping
        self._breaker = Breaker(alias)
        self._busy_since = 0.0

    def run(self) -> None:
        """Work until the relay stops."""
        self._prepare()
        while not self._stopping.is_set():
            if not self._run_once_whatever_happens():
                self._stopping.wait(self._settings.poll_interval)

    def drain(self) -> None:
        """Work until nothing is due, nothing can be sent, or the relay stops."""
        while not self._stopping.is_set() and patiently(self.run_once):
            pass

    def run_once(self) -> bool:
        """Deliver one batch; return whether there was anything to do."""
        rescue(self.alias, self._own.retry)
        if self._breaker.remaining():
            return False
        try:
            publisher = publishers[self.alias]
        except InvalidSetting as error:
            self._breaker.record(PublisherMisconfigured(str(error)))
            return False
        claimed = Delivery.objects.claim(
            self.alias,
            limit=self._own.batch_size if self._breaker.is_closed else 1,
            lease=self._settings.lease,
        )
        if not claimed:
            return False
        batch = Batch(
            deliveries=claimed,
            publisher=publisher,
            policy=self._own.retry,
            breaker=self._breaker,
        )
        self._busy_since, self.token = time.monotonic(), batch.token
        try:
            deliver(batch, self._stopping)
        finally:
            self.token = None
        return True

    def renew_lease(self) -> None:
        """Prolong the lease of what it holds; called by the relay while the lane is busy."""
        token = self.token
        if token and time.monotonic() - self._busy_since < MOST_LEASES * self._settings.lease:
            Delivery.objects.renew(token, lease=self._settings.lease)

    def _prepare(self) -> None:
        try:
            publishers[self.alias].prepare()
        except Exception as error:  # noqa: BLE001 - the first delivery will say it again, with effect
            logger.warning("Publisher %s is not ready: %s", self.alias, error)

    def _run_once_whatever_happens(self) -> bool:
        """Deliver one batch; whatever goes wrong, log it, wait, and let the lane live on."""
        try:
            return self.run_once()
        except TROUBLE as error:
            logger.warning("Publisher %s: the database is away: %s", self.alias, error)
        except Exception:
            logger.exception("Publisher %s: an error that its lane did not expect.", self.alias)
        forget_connections()
        self._stopping.wait(WAIT_AFTER_ERROR)
        return True
