"""A publisher whose destination a test can make unavailable."""

from __future__ import annotations

from pathlib import Path

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher


class OutagePublisher(BasePublisher):
    """Appends one line for each message to a file, unless `<file>.down` exists."""

    def __init__(self, *, alias: str, file: str) -> None:
        super().__init__(alias=alias)
        self._file = Path(file)

    def publish(self, message: Message) -> Receipt:
        """Append the objects and the id of the message, or raise PublisherUnavailable."""
        if self._file.with_suffix(".down").exists():
            raise PublisherUnavailable("The destination is down.")
        with self._file.open("a") as file:
            file.write(f"{','.join(message.object_ids)} {message.id}\n")
        return Receipt(id=str(message.id))
