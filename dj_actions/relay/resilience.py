"""Do something again and again, whatever goes wrong: for threads that have to live on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dj_actions.database import CONNECTION_ERRORS, close_connections
from dj_actions.exceptions import InvalidSetting, PublishError, text_of

logger = logging.getLogger(__name__)

T = TypeVar("T")

EXPECTED = (PublishError, InvalidSetting, *CONNECTION_ERRORS)
"""What outages and settings lead to: the message says it all, and nobody needs a traceback."""

FIRST_WAIT = 1.0
LONGEST_WAIT = 10.0
"""Seconds to wait after a failure; each one in a row doubles them."""


class Enduring:
    """Calls something, survives its failures, and tells once of each trouble.

    Args:
        what: is done, for people: for example `renew a lease`.
        stopping: set when the relay wants to end; it ends a wait.
    """

    def __init__(self, what: str, stopping: threading.Event) -> None:
        self._what = what
        self._stopping = stopping
        self._failures = 0
        self._told: type[BaseException] | None = None

    def call(self, work: Callable[[], T]) -> T | None:
        """Call, and return the answer; after a failure wait a while, and return None."""
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001 - also a publisher's SystemExit ends no thread
            self._endure(error)
            return None
        self.works()
        return answer

    def works(self) -> None:
        """Note that it goes well: of what takes long, once it has begun."""
        if self._failures:
            logger.warning("The relay can %s again.", self._what)
            self._failures, self._told = 0, None

    def _endure(self, error: BaseException) -> None:
        self._tell(error)
        close_connections()
        self._stopping.wait(min(FIRST_WAIT * 2 ** min(self._failures, 10), LONGEST_WAIT))
        self._failures += 1

    def _tell(self, error: BaseException) -> None:
        if type(error) is self._told:
            return
        self._told = type(error)
        if isinstance(error, EXPECTED):
            logger.warning("The relay could not %s: %s", self._what, text_of(error))
        else:
            logger.error("The relay could not %s.", self._what, exc_info=error)


class Periodically:
    """Does something at most once in an interval, when it is asked to.

    Args:
        interval: seconds.
        work: what is done.
    """

    def __init__(self, interval: float, work: Callable[[], object]) -> None:
        self.interval = interval
        self._work = work
        self._due_at = 0.0

    def now_and_then(self) -> None:
        """Do it, unless it was done a moment ago."""
        if time.monotonic() >= self._due_at:
            # First, so that what fails each time does not keep all else waiting.
            self._due_at = time.monotonic() + self.interval
            self._work()
