"""The threads of a relay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from dj_actions.database import close_connections
from dj_actions.publishers import publishers

Work = Callable[[], object]
"""What one thread runs."""


class Threads:
    """Starts threads, and keeps the errors that end them."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        """In the order in which they occurred."""

    def start(self, works: Iterable[Work]) -> list[threading.Thread]:
        """Start one thread for each piece of work."""
        threads = [
            threading.Thread(target=self._thread_main, args=(work,), daemon=True) for work in works
        ]
        for thread in threads:
            thread.start()
        return threads

    def _thread_main(self, work: Work) -> None:
        """Run the work of a thread, keep its error, and close its connections."""
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the relay raises it when it shuts down
            self.errors.append(error)
        finally:
            with suppress(Exception):
                publishers.close_all()
            close_connections()


def join(threads: Iterable[threading.Thread], *, timeout: float) -> None:
    """Wait until all threads have ended.

    Args:
        threads: those to wait for.
        timeout: seconds to wait for all of them together.
    """
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
