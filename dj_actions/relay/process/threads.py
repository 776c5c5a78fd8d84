"""The threads of a relay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import connections, router

from dj_actions.database import close_connections
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.process.tenancy import current_tenants, select_tenants

CONNECTED_INTERVAL = 0.01
"""Seconds between two checks of whether the threads of `start_connected` are connected."""

Work = Callable[[], object]
"""What one thread runs."""


class Threads:
    """Starts threads, and keeps the errors that end them."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        """In the order in which they occurred."""

    def start(self, works: Iterable[Work]) -> list[threading.Thread]:
        """Start one thread for each piece of work, for the tenant of this thread."""
        tenants = current_tenants()
        threads = [
            threading.Thread(target=self._thread_main, args=(work, tenants), daemon=True)
            for work in works
        ]
        for thread in threads:
            thread.start()
        return threads

    def start_connected(
        self,
        works: Sequence[Work],
        *,
        backoff: Callable[[], ErrorBackoff],
        stopping: threading.Event,
        timeout: float,
    ) -> list[threading.Thread]:
        """Start threads, and return once each of them has a connection to the database.

        Args:
            works: what each of them runs once it is connected.
            backoff: makes what repeats an attempt to connect.
            stopping: ends the wait.
            timeout: seconds to wait at most.
        """

        def connect_first(work: Work, connected: threading.Event) -> None:
            def connect() -> None:
                connections[router.db_for_write(Delivery)].ensure_connection()
                connected.set()

            attempts = backoff()
            while not (connected.is_set() or stopping.is_set()):
                attempts.run(connect)
            work()

        events = [threading.Event() for _ in works]
        threads = self.start(
            [partial(connect_first, *pair) for pair in zip(works, events, strict=True)]
        )
        deadline = time.monotonic() + timeout
        while not (all(event.is_set() for event in events) or stopping.is_set()):
            if time.monotonic() > deadline:
                break
            stopping.wait(CONNECTED_INTERVAL)
        return threads

    def _thread_main(self, work: Work, tenants: Mapping[str, Any]) -> None:
        """Run the work of a thread, keep its error, and close its connections."""
        try:
            select_tenants(tenants)
            work()
        except BaseException as error:  # noqa: BLE001 - the relay raises it when it shuts down
            self.errors.append(error)
        finally:
            with suppress(Exception):
                publishers.close_all()
            close_connections()


def wait_for(threads: Sequence[threading.Thread], *, stopping: threading.Event) -> None:
    """Wait until all threads have ended, or the relay is stopped.

    Args:
        threads: those to wait for.
        stopping: set when the relay stops.
    """
    while any(thread.is_alive() for thread in threads) and not stopping.is_set():
        for thread in threads:
            thread.join(0.1)


def join(threads: Iterable[threading.Thread], *, timeout: float) -> None:
    """Wait until all threads have ended.

    Args:
        threads: those to wait for.
        timeout: seconds to wait for all of them together.
    """
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
