"""A publisher that sends each message as JSON in a request of its own."""

from __future__ import annotations

import json

from benchmarks.destination.client import post
from benchmarks.request.over_http import HttpTransport, NoResponse
from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher


class HttpPublisher(BasePublisher):
    """A publisher with one keep-alive connection.

    Args:
        alias: its key in the settings.
        port: port of the server on 127.0.0.1.
        path: path of the requests.
    """

    def __init__(self, *, alias: str, port: int, path: str) -> None:
        super().__init__(alias=alias)
        self._transport = HttpTransport(port)
        self._path = path

    def publish(self, message: Message) -> Receipt:
        """Send one message."""
        try:
            post(self._transport, self._path, body_of(message))
        except NoResponse as error:
            raise PublisherUnavailable(str(error)) from error
        return Receipt(id=str(message.id))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


def body_of(message: Message) -> bytes:
    """Return the body of the request for a message."""
    return json.dumps(
        {
            "id": str(message.id),
            "resource": message.resource,
            "action": message.action,
            "object_id": message.object_id,
            "actor": message.actor and message.actor.id,
            "data": message.data,
            "result": message.result,
            "summary": message.summary,
            "occurred_at": message.occurred_at.isoformat(),
        }
    ).encode()
