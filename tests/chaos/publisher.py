"""The publisher under test conditions: real HTTP, short of patience."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse

from dj_actions.exceptions import PublisherUnavailable, PublishRejected, RateLimited
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.http import retry_after_seconds
from tests.chaos.faults import TIMEOUT


class StormPublisher(BasePublisher):
    """Posts each message to the storm's destination, over a connection that it keeps.

    Args:
        alias: the publisher's name.
        port: of the destination, on loopback.
    """

    def __init__(self, *, alias: str, port: int) -> None:
        super().__init__(alias=alias)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def publish(self, message: Message) -> Receipt:
        """Post it; the message's id is the destination's key."""
        content = {"object": message.object_id, "result": message.result}
        body = json.dumps({"id": str(message.id), "content": content}).encode()
        try:
            self._connection.request("POST", "/", body)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as error:
            # Also one that only came late: the next answer would belong to this question.
            self.close()
            raise PublisherUnavailable(f"No answer: {error!r}") from error
        return _receipt(answer, text)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _receipt(answer: HTTPResponse, text: bytes) -> Receipt:
    if answer.status == HTTPStatus.OK:
        return Receipt(id=json.loads(text)["receipt"])
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            "Too many requests.", retry_after=retry_after_seconds(answer.headers["Retry-After"])
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PublisherUnavailable(f"It answered {answer.status}.")
    raise PublishRejected(f"It answered {answer.status}: {text!r}")
