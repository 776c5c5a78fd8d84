"""A publisher for tests: it keeps messages in memory."""

from __future__ import annotations

from collections import defaultdict

from dj_actions.messages import Message, Receipt
from dj_actions.publishers.base import BasePublisher

__all__ = ["MemoryPublisher", "outboxes"]

outboxes: defaultdict[str, list[Message]] = defaultdict(list)
"""Alias → messages published in this process; compare `django.core.mail.outbox`."""


class MemoryPublisher(BasePublisher):
    """Appends each message to `outboxes[alias]`, once for each message id."""

    def publish(self, message: Message) -> Receipt:
        """Append a message, unless one with its id is there already."""
        outbox = outboxes[self.alias]
        if all(kept.id != message.id for kept in outbox):
            outbox.append(message)
        return Receipt(id=str(message.id))
