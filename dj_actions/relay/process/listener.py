"""The relay's LISTEN connection: wakes lanes when there are new deliveries."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.database import close_connections
from dj_actions.exceptions import InvalidSetting
from dj_actions.outbox.notifications import (
    DRIVER_HINT,
    DRIVER_MISSING,
    can_listen,
    listening,
    notification_arrives,
)
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning

if TYPE_CHECKING:
    from psycopg import Connection

logger = logging.getLogger(__name__)


def is_supported(using: str) -> bool:
    """Return whether a database can notify relays; log what is missing.

    Args:
        using: alias of the database.
    """
    if connections[using].vendor != "postgresql":
        return False
    if not can_listen():
        logger.warning("%s %s", DRIVER_MISSING, DRIVER_HINT)
        return False
    return True


class Listener:
    """Listens on its own database connection, which executes no statements while it waits.

    Args:
        using: alias of the database, which must be PostgreSQL.
        wake: called with the alias of a publisher that has new deliveries.
        wake_all: called each time it starts to listen: earlier notifications were missed.
        is_listening: set while notifications arrive.
        stopping: set when the relay stops.
    """

    def __init__(
        self,
        *,
        using: str,
        wake: Callable[[str], object],
        wake_all: Callable[[], object],
        is_listening: threading.Event,
        stopping: threading.Event,
        tuning: RelayTuning = DEFAULT_TUNING,
    ) -> None:
        self._using = using
        self._wake = wake
        self._wake_all = wake_all
        self._is_listening = is_listening
        self._stopping = stopping
        self._timeout = tuning.notification_timeout
        self._is_supported: bool | None = None
        self._backoff = ErrorBackoff(
            task="listen for new deliveries", stopping=stopping, wait=tuning.error_wait
        )
        self._wake_send, self._wake_recv = socket.socketpair()

    def interrupt(self) -> None:
        """End its wait for the database, so that it notices `stopping`."""
        with suppress(OSError):  # it has ended, and its sockets are closed
            self._wake_send.send(b"\0")

    def run(self) -> None:
        """Listen until the relay stops, or a pooler turns out to drop notifications."""
        with self._wake_send, self._wake_recv:
            while not self._stopping.is_set() and self._is_supported is not False:
                self._backoff.run(self._listen)

    def _listen(self) -> None:
        if self._is_supported is None:
            self._check_support()
        with listening(using=self._using) as connection, DefaultSelector() as selector:
            for descriptor in (connection.fileno(), self._wake_recv.fileno()):
                selector.register(descriptor, EVENT_READ)
            self._backoff.reset()
            self._is_listening.set()
            self._wake_all()
            try:
                while not self._stopping.is_set():
                    self._forward(connection)
                    selector.select()
            finally:
                self._is_listening.clear()

    def _check_support(self) -> None:
        """Find out, once, whether notifications arrive.

        Raises:
            InvalidSetting: they do not.
        """
        try:
            self._is_supported = notification_arrives(using=self._using, timeout=self._timeout)
        finally:
            close_connections()
        if not self._is_supported:
            raise InvalidSetting(
                "a connection pooler drops LISTEN notifications. The relay polls instead. "
                "Connect it to PostgreSQL directly, or set DJ_ACTIONS['NOTIFY'] = False."
            )

    def _forward(self, connection: Connection[Any]) -> None:
        for notification in connection.notifies(timeout=0):
            self._wake(notification.payload)
