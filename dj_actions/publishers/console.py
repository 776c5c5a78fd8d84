"""A publisher for development: it prints messages to standard output."""

from __future__ import annotations

import json
import sys

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.messages import Message, Receipt
from dj_actions.publishers.base import BasePublisher

__all__ = ["ConsolePublisher"]


class ConsolePublisher(BasePublisher):
    """Prints each message as a line of JSON.

    It is not idempotent: a message that is published again is printed again.
    """

    payload = ("data",)

    def publish(self, message: Message) -> Receipt:
        """Print a message."""
        line = json.dumps(
            {
                "publisher": self.alias,
                "id": str(message.id),
                "action": message.label,
                "objects": message.object_ids,
                "actor": message.actor.label if message.actor else None,
                "data": message.data,
                "summary": message.summary,
            },
            cls=DjangoJSONEncoder,
        )
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return Receipt(id=str(message.id))
