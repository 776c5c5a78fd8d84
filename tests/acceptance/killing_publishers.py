"""Publishers that kill the relay they run in, once.

Apart from the others, whose relays need not wait for the clients of Stream and Airflow to load.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from dj_actions_airflow import AirflowPublisher
from dj_actions_stream import StreamPublisher

from dj_actions.messages import Message, Receipt


def kill_once() -> None:
    """End this process as a power cut would, the first time it is called."""
    marker = Path(os.environ["TEST_KILL_ONCE"])
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class KillingStreamPublisher(StreamPublisher):
    """Dies after Stream has responded, before that is recorded."""

    def publish(self, message: Message) -> Receipt:
        """Publish, then die."""
        receipt = super().publish(message)
        kill_once()
        return receipt


class KillingAirflowPublisher(AirflowPublisher):
    """Dies after Airflow has responded, before that is recorded."""

    def publish(self, message: Message) -> Receipt:
        """Publish, then die."""
        receipt = super().publish(message)
        kill_once()
        return receipt
