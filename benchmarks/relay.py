"""A relay that works for some seconds."""

from __future__ import annotations

import threading

from dj_actions.relay.relay import Relay


def run_relay(seconds: float) -> None:
    """Deliver what is pending, and track runs."""
    relay = Relay()
    timer = threading.Timer(seconds, relay.stop)
    timer.start()
    relay.run()
    timer.join()
