"""A lane: one thread of a relay that serves one publisher, and nothing else."""

from __future__ import annotations

import logging
import threading
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

DATABASE_WAIT = 1.0
"""Seconds before a lane that has lost the database tries again."""


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

    def run(self) -> None:
        """Work until the relay stops."""
        self._prepare()
        while not self._stopping.is_set():
            if not self._survive_database():
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
            lease=self._settings.lease,
        )
        self.token = batch.token
        deliver(batch, self._stopping)
        self.token = None
        return True

    def _prepare(self) -> None:
        try:
            publishers[self.alias].prepare()
        except Exception as error:  # noqa: BLE001 - the first delivery will say it again, with effect
            logger.warning("Publisher %s is not ready: %s", self.alias, error)

    def _survive_database(self) -> bool:
        """Deliver one batch; when the database is away, wait for it instead."""
        try:
            return self.run_once()
        except TROUBLE as error:
            logger.warning("Publisher %s: the database is away: %s", self.alias, error)
            forget_connections()
            self._stopping.wait(DATABASE_WAIT)
            return True
