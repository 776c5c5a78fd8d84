"""A publisher that sends HTTP requests with a short timeout."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse

from dj_actions.exceptions import PublisherUnavailable, PublishRejected, RateLimited
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.http import retry_after_seconds
from tests.chaos.faults import TIMEOUT


class ChaosPublisher(BasePublisher):
    """A publisher that posts messages to the destination over a keep-alive connection.

    Args:
        alias: the publisher's alias.
        port: port of the destination on loopback.
    """

    def __init__(self, *, alias: str, port: int) -> None:
        super().__init__(alias=alias)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def publish(self, message: Message) -> Receipt:
        """Post the message, with its id as the key."""
        content = {"object": message.object_id, "result": message.result}
        body = json.dumps({"id": str(message.id), "content": content}).encode()
        try:
            self._connection.request("POST", "/", body)
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, HTTPException) as error:
            # Also after a timeout: the next response would belong to this request.
            self.close()
            raise PublisherUnavailable(f"No response: {error!r}") from error
        return _receipt(response, body)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _receipt(response: HTTPResponse, body: bytes) -> Receipt:
    if response.status == HTTPStatus.OK:
        return Receipt(id=json.loads(body)["receipt"])
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            "Too many requests.", retry_after=retry_after_seconds(response.headers["Retry-After"])
        )
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PublisherUnavailable(f"The destination responded with {response.status}.")
    raise PublishRejected(f"The destination responded with {response.status}: {body!r}")
