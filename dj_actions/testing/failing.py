"""A destination in trouble, for tests of what happens then."""

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
"""What a publisher raises, by name."""


class FailingPublisher(MemoryPublisher):
    """Fails a few times for each message, then keeps it as `MemoryPublisher` does.

    Args:
        times: how often each message fails before it is accepted.
        error: what is raised: the name of a class in `dj_actions.exceptions`, an exception class
            or an exception.

    Raises:
        ValueError: an option cannot be used.
    """

    received: ClassVar[defaultdict[str, list[Message]]] = defaultdict(list)
    """Alias → what it was given in this process, one entry for each try."""

    def __init__(
        self,
        *,
        alias: str,
        times: int = 1,
        error: str | Exception | type[Exception] = "PublisherUnavailable",
    ) -> None:
        super().__init__(alias=alias)
        if times < 0:
            raise ValueError(f"times is {times!r}. Give a number from 0 on.")
        self.times = times
        self._error = _known_error(error)

    def publish(self, message: Message) -> Receipt:
        """Fail, or keep the message."""
        received = self.received[self.alias]
        received.append(message)
        tries = sum(earlier.id == message.id for earlier in received)
        if tries <= self.times:
            raise self._failure(tries)
        return super().publish(message)

    def _failure(self, number: int) -> Exception:
        if isinstance(self._error, Exception):
            # Raised more than once, it would drag a longer traceback along each time.
            return self._error.with_traceback(None)
        return self._error(f"Failure {number} of {self.times}, as {self.alias!r} is told to fail.")


def _known_error(error: object) -> Exception | type[Exception]:
    if isinstance(error, str):
        if error not in ERRORS:
            raise ValueError(
                f"error is {error!r}, which is no PublishError in dj_actions.exceptions."
                f"{did_you_mean(error, ERRORS)}"
            )
        return ERRORS[error]
    if isinstance(error, Exception) or (inspect.isclass(error) and issubclass(error, Exception)):
        return error
    raise ValueError(f"error is {error!r}. Give an exception, or the name of a PublishError.")
