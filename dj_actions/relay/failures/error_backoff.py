"""Repeat work despite errors, for threads that must not end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying
from tenacity.wait import WaitBaseT

from dj_actions.database import CONNECTION_ERRORS, close_connections
from dj_actions.exceptions import InvalidSetting, PublishError, error_message

logger = logging.getLogger(__name__)

T = TypeVar("T")

EXPECTED_ERRORS = (PublishError, InvalidSetting, *CONNECTION_ERRORS)
"""Errors that outages and settings cause: their message is enough, a traceback adds nothing."""


def backoff_seconds(wait: WaitBaseT, *, failures: int) -> float:
    """Return the seconds that a strategy waits after consecutive failures.

    Args:
        wait: a tenacity strategy.
        failures: how many there were in a row, at least 1.
    """
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = failures
    return wait(state)


class ErrorBackoff:
    """Runs a task, survives its errors, and logs each kind of error once.

    Args:
        task: what the task does, for log messages, for example `renew a lease`.
        stopping: set when the relay stops; it ends a wait.
        wait: how long to wait after errors.
    """

    def __init__(self, *, task: str, stopping: threading.Event, wait: WaitBaseT) -> None:
        self._task = task
        self._stopping = stopping
        self._wait = wait
        self._failures = 0
        self._logged: type[BaseException] | None = None

    def run(self, work: Callable[[], T]) -> T | None:
        """Return the result of the work; after an error, wait and return None."""
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - not even a publisher's SystemExit may end a thread
            self._back_off(error)
            return None
        self.reset()
        return result

    def reset(self) -> None:
        """Record success: work that runs for long calls this once it has started."""
        if self._failures:
            logger.warning("The relay can %s again.", self._task)
            self._failures, self._logged = 0, None

    def _back_off(self, error: BaseException) -> None:
        self._log(error)
        close_connections()
        self._failures += 1
        self._stopping.wait(backoff_seconds(self._wait, failures=self._failures))

    def _log(self, error: BaseException) -> None:
        if type(error) is self._logged:
            return
        self._logged = type(error)
        if isinstance(error, EXPECTED_ERRORS):
            logger.warning("The relay could not %s: %s", self._task, error_message(error))
        else:
            logger.error("The relay could not %s.", self._task, exc_info=error)
