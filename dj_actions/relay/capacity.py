"""How many database connections a relay takes."""

from __future__ import annotations

from dj_actions.conf import Settings
from dj_actions.relay.tracker import supports_tracking

OWN_CONNECTIONS = 3
"""Connections that each relay keeps: of its main thread, for its leases, for its heartbeat."""


def connections_of_relay(settings: Settings) -> int:
    """Return how many PostgreSQL connections a relay takes that serves all publishers.

    Each thread keeps its own: one for each lane, and one for each publisher whose remote runs
    are tracked. One more listens to notifications.
    """
    lanes = sum(entry.concurrency for entry in settings.publishers.values())
    trackers = sum(supports_tracking(alias, settings) for alias in settings.publishers)
    return OWN_CONNECTIONS + lanes + trackers + settings.notify
