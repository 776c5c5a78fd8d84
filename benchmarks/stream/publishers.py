"""The publisher that is compared with `StreamPublisher`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_actions_stream import StreamPublisher

from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher


class OneCallEachPublisher(StreamPublisher):
    """Adds each activity with a call of its own."""

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Publish one message after the other, as publishers do by default."""
        return BasePublisher.publish_many(self, messages)

    def publish(self, message: Message) -> Receipt:
        """Publish one message."""
        (outcome,) = StreamPublisher.publish_many(self, [message])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome
