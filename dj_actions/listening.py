"""The relay's ear: hears that there is something to deliver, and wakes who delivers it."""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from dj_actions.database import forget_connections
from dj_actions.enduring import Enduring
from dj_actions.querysets.notifications import listening, notification_arrives

if TYPE_CHECKING:
    from psycopg import Connection

logger = logging.getLogger(__name__)

PROBE_TIMEOUT = 2.0
"""Seconds a notification may take until it counts as swallowed."""


class OnHearing(Protocol):
    """Told when a listener begins, or ceases, to hear."""

    def __call__(self, *, hears: bool) -> object:
        """Take note."""


class Listener:
    """Listens on a database connection of its own, which costs the database no statements.

    Args:
        using: alias of the database, a PostgreSQL.
        wake: called with the alias of a publisher that has something to deliver.
        on_hearing: called with whether it hears, each time that changes.
        stopping: set when the relay wants to end.
    """

    def __init__(
        self,
        *,
        using: str,
        wake: Callable[[str], object],
        on_hearing: OnHearing,
        stopping: threading.Event,
    ) -> None:
        self._using = using
        self._wake = wake
        self._on_hearing = on_hearing
        self._stopping = stopping
        self._enduring = Enduring("hear of new deliveries", stopping)
        self._bell, self._ear = socket.socketpair()

    def interrupt(self) -> None:
        """Let it look whether it is to stop; it waits for the database otherwise."""
        with suppress(OSError):  # it has ended already
            self._bell.send(b"\0")

    def run(self) -> None:
        """Listen until it is to stop; give up if a pooler swallows what is to be heard."""
        with self._bell, self._ear:
            while not self._stopping.is_set():
                if self._enduring.call(self._listen) is False:
                    return

    def _listen(self) -> bool:
        """Listen until the relay stops; return False, at once, if nothing can be heard."""
        if not self._can_hear():
            return False
        with listening(using=self._using) as connection:
            self._enduring.works()
            self._on_hearing(hears=True)
            try:
                while not self._stopping.is_set():
                    self._hear(connection)
            finally:
                self._on_hearing(hears=False)
        return True

    def _can_hear(self) -> bool:
        try:
            heard = notification_arrives(using=self._using, timeout=PROBE_TIMEOUT)
        finally:
            forget_connections()
        if not heard:
            logger.warning(
                "A notification did not arrive: a pooler swallows LISTEN. The relay polls. Let it "
                "connect to PostgreSQL itself, or set DJ_ACTIONS['NOTIFY'] = False."
            )
        return heard

    def _hear(self, connection: Connection[Any]) -> None:
        select.select([connection.fileno(), self._ear.fileno()], [], [])
        for notification in connection.notifies(timeout=0):
            self._wake(notification.payload)
