"""The publisher that does nothing but note when it is called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher

calls: list[tuple[str, int]] = []
"""Id of an event and the nanoseconds since the epoch, for each message of this process."""


class ClockPublisher(BasePublisher):
    """Notes the time and confirms."""

    def publish(self, message: Message) -> Receipt:
        """Take one message."""
        return self._taken(message, time.time_ns())

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Take them all at the moment of this call: with this they have arrived."""
        now = time.time_ns()
        for message in messages:
            yield self._taken(message, now)

    def _taken(self, message: Message, now: int) -> Receipt:
        calls.append((str(message.id), now))
        return Receipt(id=str(message.id))
