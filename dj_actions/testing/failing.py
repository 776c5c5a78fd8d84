"""A publisher whose destination fails, for tests of retries and dead letters."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import ClassVar

from dj_actions import exceptions
from dj_actions.exceptions import PublishError
from dj_actions.messages import Message, Receipt
from dj_actions.publishers.memory import MemoryPublisher
from dj_actions.text import did_you_mean

ERRORS = {
    name: found
    for name, found in vars(exceptions).items()
    if inspect.isclass(found) and issubclass(found, PublishError)
}
"""The exceptions that a publisher may raise, by name."""


class FailingPublisher(MemoryPublisher):
    """Fails a number of times for each message, then keeps it as `MemoryPublisher` does.

    Args:
        times: number of failures of each message before it is accepted.
        error: the exception to raise: the name of a class in `dj_actions.exceptions`, an exception
            class or an exception.

    Raises:
        ValueError: an option is invalid.
    """

    received: ClassVar[defaultdict[str, list[Message]]] = defaultdict(list)
    """Alias → messages received in this process, one entry for each attempt."""

    def __init__(
        self,
        *,
        alias: str,
        times: int = 1,
        error: str | Exception | type[Exception] = "PublisherUnavailable",
    ) -> None:
        super().__init__(alias=alias)
        if times < 0:
            raise ValueError(f"times must be at least 0, not {times!r}.")
        self.times = times
        self._error = _known_error(error)

    def publish(self, message: Message) -> Receipt:
        """Fail, or keep the message."""
        received = self.received[self.alias]
        received.append(message)
        attempt = sum(earlier.id == message.id for earlier in received)
        if attempt <= self.times:
            raise self._failure(attempt)
        return super().publish(message)

    def _failure(self, number: int) -> Exception:
        if isinstance(self._error, Exception):
            # Raised repeatedly, an exception accumulates a longer traceback each time.
            return self._error.with_traceback(None)
        return self._error(f"Simulated failure {number} of {self.times}.")


def _known_error(error: object) -> Exception | type[Exception]:
    if isinstance(error, str):
        if error not in ERRORS:
            raise ValueError(
                f"error is {error!r}, which is not a PublishError in dj_actions.exceptions."
                f"{did_you_mean(error, ERRORS)}"
            )
        return ERRORS[error]
    if isinstance(error, Exception) or (inspect.isclass(error) and issubclass(error, Exception)):
        return error
    raise ValueError(f"error must be an exception or the name of a PublishError, not {error!r}.")
