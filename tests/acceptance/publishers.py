"""Publishers that disturb the relay they run in."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from example.launch.process import wait_until


class CountingPublisher(BasePublisher):
    """Notes each message in a file, with the process that sent it, however often it comes."""

    def __init__(self, *, alias: str, file: str) -> None:
        super().__init__(alias=alias)
        self._file = Path(file)

    def publish(self, message: Message) -> Receipt:
        """Append one line; the system keeps lines of several processes apart."""
        with self._file.open("a") as file:
            file.write(f"{os.getpid()} {message.id}\n")
        return Receipt(id=str(message.id))


class GatedPublisher(CountingPublisher):
    """Takes a message, then waits until the gate is opened before it returns."""

    def publish(self, message: Message) -> Receipt:
        """Note the message, then wait for the gate."""
        receipt = super().publish(message)
        gate = self._file.with_suffix(".open")
        wait_until(gate.exists, timeout=600, what="The gate")
        return receipt


class LethalPublisher(CountingPublisher):
    """Is killed by the message about object 2, each time."""

    def publish(self, message: Message) -> Receipt:
        """Record the message; die, or return."""
        receipt = super().publish(message)
        if message.object_id == "2":
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt
