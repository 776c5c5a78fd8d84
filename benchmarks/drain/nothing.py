"""The publisher that does nothing, at once; and one that does nothing for a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.drain.tally import tally
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher

SLEEP_SECONDS = 1.0


class NothingPublisher(BasePublisher):
    """Counts messages and confirms them."""

    def publish(self, message: Message) -> Receipt:
        """Confirm one message."""
        tally.add()
        return Receipt(id=str(message.id))

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Confirm each."""
        for message in messages:
            yield self.publish(message)


class SleepingPublisher(BasePublisher):
    """Confirms each message after a second, or when the measurement is over."""

    def publish(self, message: Message) -> Receipt:
        """Sleep, and confirm one message."""
        tally.over.wait(SLEEP_SECONDS)
        return Receipt(id=str(message.id))
