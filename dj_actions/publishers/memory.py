"""Keeps messages in a list: for the tests of your project."""

from __future__ import annotations

from collections import defaultdict

from dj_actions.messages import Message, Receipt
from dj_actions.publishers.base import BasePublisher

__all__ = ["MemoryPublisher", "outboxes"]

outboxes: defaultdict[str, list[Message]] = defaultdict(list)
"""Alias → messages published in this process, like `django.core.mail.outbox`."""


class MemoryPublisher(BasePublisher):
    """Appends each message to `outboxes[alias]`, once per message id."""

    def publish(self, message: Message) -> Receipt:
        """Keep the message."""
        outbox = outboxes[self.alias]
        if all(kept.id != message.id for kept in outbox):
            outbox.append(message)
        return Receipt(id=str(message.id))
