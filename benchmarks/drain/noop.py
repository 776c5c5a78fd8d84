"""A publisher that does nothing, and one that sleeps for a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.drain.counter import counter
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher

SLEEP_SECONDS = 1.0


class NoopPublisher(BasePublisher):
    """A publisher that counts and confirms messages."""

    def publish(self, message: Message) -> Receipt:
        """Confirm one message."""
        counter.increment()
        return Receipt(id=str(message.id))

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Confirm each message."""
        for message in messages:
            yield self.publish(message)


class SleepingPublisher(BasePublisher):
    """A publisher that confirms each message after a second, or when the measurement ends."""

    def publish(self, message: Message) -> Receipt:
        """Sleep, then confirm one message."""
        counter.finished.wait(SLEEP_SECONDS)
        return Receipt(id=str(message.id))
