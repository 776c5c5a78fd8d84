"""The name of a relay."""

from __future__ import annotations

import os
import socket

from dj_actions.outbox.attempts import RELAY_LENGTH
from dj_actions.text import sanitize


def relay_name() -> str:
    """Return host and process id of this relay, as its heartbeat shows them: `web-1:4711`."""
    process = f":{os.getpid()}"
    return sanitize(socket.gethostname(), RELAY_LENGTH - len(process)) + process
