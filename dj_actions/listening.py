"""The relay's ear: hears that there is something to deliver, and wakes who delivers it."""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dj_actions.database import TROUBLE, forget_connections
from dj_actions.querysets.notifications import listening, notification_arrives

if TYPE_CHECKING:
    from psycopg import Connection

logger = logging.getLogger(__name__)

PROBE_TIMEOUT = 2.0
"""Seconds a notification may take until it counts as swallowed."""

WAIT_AFTER_ERROR = 1.0
"""Seconds before it connects again."""


class Listener:
    """Listens on a database connection of its own, which costs the database no statements.

    Args:
        using: alias of the database, a PostgreSQL.
        wake: called with the alias of a publisher that has something to deliver.
        stopping: set when the relay wants to end.
    """

    def __init__(
        self, *, using: str, wake: Callable[[str], object], stopping: threading.Event
    ) -> None:
        self._using = using
        self._wake = wake
        self._stopping = stopping
        self._bell, self._ear = socket.socketpair()

    def interrupt(self) -> None:
        """Let it look whether it is to stop; it waits for the database otherwise."""
        with suppress(OSError):  # it has ended already
            self._bell.send(b"\0")

    def run(self) -> None:
        """Listen until it is to stop; give up if a pooler swallows what is to be heard."""
        with self._bell, self._ear:
            while not self._stopping.is_set():
                try:
                    if not self._can_hear():
                        return
                    self._listen()
                except TROUBLE as error:
                    logger.warning("The relay hears nothing, and polls: %s", error)
                    self._stopping.wait(WAIT_AFTER_ERROR)

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

    def _listen(self) -> None:
        with listening(using=self._using) as connection:
            while not self._stopping.is_set():
                self._hear(connection)

    def _hear(self, connection: Connection[Any]) -> None:
        select.select([connection.fileno(), self._ear.fileno()], [], [])
        for notification in connection.notifies(timeout=0):
            self._wake(notification.payload)
