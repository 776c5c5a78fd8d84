"""The relay's ear: hears that there is something to deliver, and wakes who delivers it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any

from dj_actions.database import close_connections
from dj_actions.exceptions import InvalidSetting
from dj_actions.outbox.notifications import listening, notification_arrives
from dj_actions.relay.resilience import Enduring

if TYPE_CHECKING:
    from psycopg import Connection

PROBE_TIMEOUT = 2.0
"""Seconds a notification may take until it counts as swallowed."""


class Listener:
    """Listens on a database connection of its own, which costs the database no statements.

    Args:
        using: alias of the database, a PostgreSQL.
        wake: called with the alias of a publisher that has something to deliver.
        wake_all: called when it hears, for the first time or again: what was told meanwhile was
            missed.
        hearing: set while it hears.
        stopping: set when the relay wants to end.
    """

    def __init__(
        self,
        *,
        using: str,
        wake: Callable[[str], object],
        wake_all: Callable[[], object],
        hearing: threading.Event,
        stopping: threading.Event,
    ) -> None:
        self._using = using
        self._wake = wake
        self._wake_all = wake_all
        self._hearing = hearing
        self._stopping = stopping
        self._can_hear: bool | None = None
        self._enduring = Enduring("hear of new deliveries", stopping)
        self._bell, self._ear = socket.socketpair()

    def interrupt(self) -> None:
        """Let it look whether it is to stop; it waits for the database otherwise."""
        with suppress(OSError):  # it has ended already
            self._bell.send(b"\0")

    def run(self) -> None:
        """Listen until it is to stop; give up if a pooler swallows what is to be heard."""
        with self._bell, self._ear:
            while not self._stopping.is_set() and self._can_hear is not False:
                self._enduring.call(self._listen)

    def _listen(self) -> None:
        if self._can_hear is None:
            self._probe()
        with listening(using=self._using) as connection, DefaultSelector() as selector:
            for end in (connection.fileno(), self._ear.fileno()):
                selector.register(end, EVENT_READ)
            self._enduring.works()
            self._hearing.set()
            self._wake_all()
            try:
                while not self._stopping.is_set():
                    self._pass_on(connection)
                    selector.select()
            finally:
                self._hearing.clear()

    def _probe(self) -> None:
        """Find out, once, whether anything can be heard.

        Raises:
            InvalidSetting: nothing can.
        """
        try:
            self._can_hear = notification_arrives(using=self._using, timeout=PROBE_TIMEOUT)
        finally:
            close_connections()
        if not self._can_hear:
            raise InvalidSetting(
                "a pooler swallows LISTEN. The relay polls. Let it connect to PostgreSQL itself, "
                "or set DJ_ACTIONS['NOTIFY'] = False."
            )

    def _pass_on(self, connection: Connection[Any]) -> None:
        for notification in connection.notifies(timeout=0):
            self._wake(notification.payload)
