"""A publisher that only records when it is called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher

calls: list[tuple[str, int]] = []
"""Event id and nanoseconds since the epoch for each message of this process."""


class ClockPublisher(BasePublisher):
    """A publisher that records the time and confirms the message."""

    def publish(self, message: Message) -> Receipt:
        """Confirm one message."""
        return self._confirm(message, time.time_ns())

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Confirm the messages; all of them arrive at the time of this call."""
        now = time.time_ns()
        for message in messages:
            yield self._confirm(message, now)

    def _confirm(self, message: Message, now: int) -> Receipt:
        calls.append((str(message.id), now))
        return Receipt(id=str(message.id))
